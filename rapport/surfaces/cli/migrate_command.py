"""Bring the database up to this version of Rapport; for developers also: write the migrations of a changed module."""

from __future__ import annotations

import argparse
import sys

from django.core.management import call_command

from rapport.engines.upgrade.plan import open_migrations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Apply, look, or write."""
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when steps are pending")
    parser.add_argument("--make", metavar="MODULE", nargs="+", help="write the migrations of a module whose models you changed")


def run(options: argparse.Namespace) -> int:
    """Show, run or write what is pending."""
    if options.make:
        call_command("makemigrations", *options.make, verbosity=1)
        return 0
    plan = open_migrations()
    if not plan:
        print("The database is up to date.")
        return 0
    if options.check:
        print(f"{len(plan)} steps are pending: " + ", ".join(f"{m.app_label}.{m.name}" for m in plan), file=sys.stderr)
        return 1
    call_command("migrate", interactive=False, verbosity=0)
    print(f"The database is up to date ({len(plan)} steps).")
    return 0
