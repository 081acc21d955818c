"""`rapport setup`: a workspace and its owner without a browser."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass

from django.core.management import call_command

from rapport.kernel.access.setup import create_workspace
from rapport.kernel.errors import Invalid


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the set-up page asks for. The password never stands on the command line, where others could read it."""
    parser.add_argument("--workspace", required=True, metavar="NAME", help="name of the company")
    parser.add_argument("--name", required=True, help="name of the owner")
    parser.add_argument("--email", required=True, help="the address the owner signs in with")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    parser.add_argument("--currency", default="EUR", help="default %(default)s")
    parser.add_argument("--country", default="IE", help="two letters, for phone numbers and dates (default %(default)s)")
    parser.add_argument("--language", default="en", help="default %(default)s")
    parser.add_argument("--time-zone", default="UTC", help="such as Europe/Dublin (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Prepare the database if need be, then create."""
    password = _password(args)
    call_command("migrate", verbosity=0)
    workspace, owner = create_workspace(
        args.workspace, owner_name=args.name, email=args.email, password=password, currency=args.currency.upper(),
        country=args.country.upper(), language=args.language, time_zone=args.time_zone,
    )  # fmt: skip
    print(f"{workspace.name} is ready; {owner.name} signs in with {owner.email}.")
    return 0


def _password(args: argparse.Namespace) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("Give the password on standard input with --password-stdin.")
    first, second = getpass("Password: "), getpass("Again: ")
    if first != second:
        raise Invalid("The two passwords are not the same.")
    return first
