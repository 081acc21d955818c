"""`rapport migrate`: the tables as the program expects them."""

from __future__ import annotations

import argparse

from django.core.management import call_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Apply, or (for developers) write migrations."""
    parser.add_argument("--make", metavar="MODULE", nargs="*", help="write the migrations of a module you changed")
    parser.add_argument("--check", action="store_true", help="only say whether something is to be done (exit code 1)")


def run(args: argparse.Namespace) -> int:
    """Migrate."""
    if args.make is not None:
        call_command("makemigrations", *args.make, verbosity=1)
    elif args.check:
        call_command("migrate", check_unapplied=True, verbosity=1)
    else:
        call_command("migrate", verbosity=1)
    return 0
