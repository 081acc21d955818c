"""Make, list and revoke API tokens."""

from __future__ import annotations

import argparse
import datetime as dt

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import ApiToken
from rapport.kernel.access.tokens import create_token
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import find_user


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="create|list|revoke")
    for verb, help_text in (("create", "print a new token"), ("list", "list tokens"), ("revoke", "end a token")):
        one = verbs.add_parser(verb, help=help_text)
        one.add_argument("--email", required=True, dest="user", metavar="E-MAIL", help="the user it acts as")
        one.add_argument("--workspace", default="", metavar="NAME", help="needed when the user works in several")
        if verb != "list":
            one.add_argument("--name", required=True, help="what the token is for")
        if verb == "create":
            one.add_argument("--days", type=int, default=0, help="days after which it expires (default: never)")


def run(options: argparse.Namespace) -> int:
    """Do the verb; `create` prints the token and nothing else."""
    user = find_user(options.user, options.workspace)
    with use_workspace(user.workspace_id):
        tokens = ApiToken.objects.filter(user=user, revoked_at=None).order_by("created_at")
        if options.verb == "create":
            name = options.name.strip()
            if not name or len(name) > 120 or options.days < 0:
                raise CommandFailed("A token has a name of 1 to 120 characters and at least one day to live.")
            expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=options.days) if options.days else None
            print(create_token(user, name, expires_at=expires))
        elif options.verb == "list":
            for token in tokens:
                used = f"last used {token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never used"
                ends = f", expires {token.expires_at:%Y-%m-%d}" if token.expires_at else ""
                print(f"{token.name}  (made {token.created_at:%Y-%m-%d}, {used}{ends})")
        else:
            ended = tokens.filter(name=options.name.strip()).update(revoked_at=dt.datetime.now(dt.UTC))
            if not ended:
                raise CommandFailed(f"{options.user} has no living token called “{options.name}”.")
            print(f"{ended} token{'s' if ended > 1 else ''} revoked.")
    return 0
