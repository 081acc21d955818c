"""Print a one-time sign-in link for an owner who is locked out; it works for a quarter of an hour."""

from __future__ import annotations

import argparse

from django.conf import settings

from rapport.kernel.access.accounts import owners_who_sign_in
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import find_workspace
from rapport.surfaces.web.signing_in.owner_links import make_link


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose link, and where Rapport is reached."""
    parser.add_argument("--email", default="", metavar="E-MAIL", help="the owner (default: the first active one)")
    parser.add_argument("--workspace", default="", metavar="NAME", help="needed when there are several")
    parser.add_argument("--url", default="", help="address of Rapport, if RAPPORT_BASE_URL is not set (http://localhost:8000)")


def run(options: argparse.Namespace) -> int:
    """Find the owner, print the link and nothing else on standard output."""
    workspace = find_workspace(options.workspace)
    with use_workspace(workspace):
        owners = owners_who_sign_in()
        if options.email:
            owners = owners.filter(account__email=options.email.strip().casefold())
        owner = owners.first()
        if owner is None:
            who = options.email or "Nobody"
            raise CommandFailed(f"{who} is no active owner of “{workspace.name}” with an account.")
        assert isinstance(owner.account, Account)
        print(make_link(owner, options.url or settings.BASE_URL or "http://localhost:8000"))
    return 0
