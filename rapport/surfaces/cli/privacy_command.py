"""Erase again what was erased before, after an older backup was restored."""

from __future__ import annotations

import argparse
from pathlib import Path

from rapport.engines.privacy.journal import journal_path
from rapport.engines.privacy.reapply import reapply
from rapport.surfaces.cli.failures import CommandFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="reapply")
    one = verbs.add_parser("reapply", help="erase again what the journal of erasures names, and what no law keeps any more")
    one.add_argument("--journal", default="", metavar="FILE", help="default: erasures.jsonl in the data folder")


def run(options: argparse.Namespace) -> int:
    """One line per erasure done."""
    path = Path(options.journal) if options.journal else journal_path()
    if options.journal and not path.is_file():
        raise CommandFailed(f"There is no file {path}.")
    count = 0
    for workspace, erasure in reapply(path):
        count += 1
        done = ", ".join(f"{number} {what}" for what, number in sorted(erasure.counts.items()) if number)
        print(f"{workspace.name}: {erasure.type} {erasure.record_id} erased again ({done}).")
    print(f"{count} erasures done." if count else "Nothing to erase again.")
    return 0
