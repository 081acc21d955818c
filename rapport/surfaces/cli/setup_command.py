"""Make a workspace with its owner; the database is made ready first."""

from __future__ import annotations

import argparse
import getpass
import sys
from zoneinfo import available_timezones

from django.conf import settings
from django.core.management import call_command

from rapport.kernel.access.setup import create_workspace
from rapport.kernel.kinds.address import countries
from rapport.kernel.money import currencies
from rapport.project.health import has_open_migrations
from rapport.surfaces.cli.failures import CommandFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who and where."""
    parser.add_argument("--workspace", required=True, metavar="NAME", help="name of the company")
    parser.add_argument("--name", required=True, help="name of the owner")
    parser.add_argument("--email", required=True, help="address the owner signs in with")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input, not the terminal")
    parser.add_argument("--currency", default="EUR", help="currency of all totals, such as EUR")
    parser.add_argument("--country", default="IE", help="country of phone numbers without +, such as IE")
    parser.add_argument("--language", default="en", help="language of the pages")
    parser.add_argument("--time-zone", default="UTC", help="such as Europe/Dublin")


def run(options: argparse.Namespace) -> int:
    """Check, migrate, create."""
    currency, country = options.currency.upper(), options.country.upper()
    if currency not in currencies():
        raise CommandFailed(f"“{options.currency}” is no currency; use a code such as EUR.")
    if country not in countries("en"):
        raise CommandFailed(f"“{options.country}” is no country; use two letters such as IE.")
    if options.time_zone not in available_timezones():
        raise CommandFailed(f"“{options.time_zone}” is no time zone; use one such as Europe/Dublin.")
    if options.language not in dict(settings.LANGUAGES):
        raise CommandFailed(f"“{options.language}” is no language of Rapport; there are: {', '.join(dict(settings.LANGUAGES))}.")
    password = _password(from_stdin=options.password_stdin)
    if has_open_migrations():
        call_command("migrate", interactive=False, verbosity=0)
    workspace, owner = create_workspace(
        options.workspace, owner_name=options.name, email=options.email, password=password, currency=currency,
        country=country, language=options.language, time_zone=options.time_zone,
    )  # fmt: skip
    print(f"The workspace “{workspace.name}” is ready; {owner.name} signs in as {owner.email}.")
    return 0


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandFailed("Give the password on standard input with --password-stdin.")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise CommandFailed("The two passwords differ.")
    return first
