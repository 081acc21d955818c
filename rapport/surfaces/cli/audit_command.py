"""Check that nobody changed the audit log behind Rapport's back."""

from __future__ import annotations

import argparse

from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.verify import Verdict, verify_log
from rapport.surfaces.cli.failures import CommandFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One verb."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verify")
    one = verbs.add_parser("verify", help="walk the chain of hashes and say whether every entry is as it was written")
    one.add_argument("--workspace", default="", metavar="NAME", help="this workspace only (default: all)")
    one.add_argument(
        "--kept", default="", metavar="NUMBER:HASH", help="what an earlier run printed as last; needs --workspace"
    )


def run(options: argparse.Namespace) -> int:
    """One line per workspace; exit code 1 when a log is broken."""
    kept = _kept(options)
    rows = Workspace.objects.order_by("name", "pk")
    if options.workspace:
        rows = rows.filter(name=options.workspace)
    found = list(rows)
    if not found:
        raise CommandFailed(
            f"There is no workspace called “{options.workspace}”." if options.workspace else "There is no workspace yet."
        )
    is_broken = False
    for workspace in found:
        verdict = verify_log(workspace, kept=kept)
        is_broken = is_broken or not verdict.is_whole
        print(f"{workspace.name}: {_words(verdict)}")
    return 1 if is_broken else 0


def _kept(options: argparse.Namespace) -> tuple[int, str] | None:
    """A number and the hash it must have."""
    if not options.kept:
        return None
    number, _colon, digest = options.kept.partition(":")
    if not options.workspace or not number.isdigit() or len(digest) != 64:
        raise CommandFailed("--kept takes NUMBER:HASH as an earlier run printed it, together with --workspace.")
    return int(number), digest


def _words(verdict: Verdict) -> str:
    if not verdict.is_whole:
        return f"BROKEN at number {verdict.broken_at}: {verdict.problem}."
    parts = [f"{verdict.entries} entries, whole"]
    if verdict.older:
        parts.append(f"the first {verdict.older} are from before the chain and not proven by it")
    if verdict.redacted:
        parts.append(f"{verdict.redacted} emptied by erasures")
    return "; ".join(parts) + (f" (last {verdict.entries}:{verdict.last_hash})" if verdict.last_hash else "")
