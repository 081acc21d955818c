"""Who may do what, as one value: the access fingerprint that upgrades compare."""

from __future__ import annotations

import argparse
from pathlib import Path

from rapport.engines.backup.files import write_secret
from rapport.engines.upgrade.answers import MOST_WORKSPACES, take
from rapport.engines.upgrade.fingerprint import keep
from rapport.kernel.access.models import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="fingerprint")
    one = verbs.add_parser("fingerprint", help="ask the gate for every role, type, action and field; print a hash of it all")
    one.add_argument("--keep", action="store_true", help="keep it for the next upgrade (the job runner does so each hour)")
    one.add_argument("--out", metavar="FILE", default="", help="write every answer to a file as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the hash, and how much it is over."""
    found = keep(anew=True) if options.keep else take()
    if options.out:
        write_secret(Path(options.out), found.as_json())
    roles = sum(len(one.roles) for one in found.spaces.values())
    sample = sum(len(one.sample) for one in found.spaces.values())
    print(f"{found.hash}  {roles:,} roles, {sample:,} decisions about records")
    if (count := Workspace.objects.count()) > MOST_WORKSPACES:
        print(f"the first {MOST_WORKSPACES:,} of {count:,} workspaces were asked")
    return 0
