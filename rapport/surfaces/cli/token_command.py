"""`rapport token`: keys for programs, shown once."""

from __future__ import annotations

import argparse
import datetime as dt

from rapport.kernel.access.models import ApiToken, User
from rapport.kernel.access.tokens import create_token
from rapport.kernel.errors import Gone
from rapport.surfaces.cli.people import acting_as


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """create, list, revoke."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")
    for verb, about in (("create", "make a token and print it"), ("list", "tokens of a user"), ("revoke", "end a token")):
        sub = verbs.add_parser(verb, help=about)
        sub.add_argument("--email", required=True, help="the user the token acts as")
        sub.add_argument("--workspace", default="", help="which workspace, if there are several")
        if verb != "list":
            sub.add_argument("--name", required=True, help="what the token is for")
        if verb == "create":
            sub.add_argument("--days", type=int, help="days until it expires (default: never)")


def run(args: argparse.Namespace) -> int:
    """Print the new token and nothing else, or the list."""
    with acting_as(args.email, args.workspace) as ctx:
        user = User.objects.get(pk=ctx.actor_id)
        if args.verb == "create":
            expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=args.days) if args.days else None
            print(create_token(user, args.name, expires_at=expires))
            return 0
        rows = ApiToken.objects.filter(user=user, revoked_at=None).order_by("created_at")
        if args.verb == "list":
            for row in rows:
                used = f"last used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
                print(f"{row.name}\tmade {row.created_at:%Y-%m-%d}\t{used}")
            return 0
        if not rows.filter(name=args.name).update(revoked_at=dt.datetime.now(dt.UTC)):
            raise Gone(f"{user.name} has no token called “{args.name}”.")
        print(f"“{args.name}” no longer works.")
    return 0
