"""Find records that are there twice, and list the pairs; they are merged on the pages or through the API."""

from __future__ import annotations

import argparse
import sys

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.pairs import demand_review, pairs_page
from rapport.engines.duplicates.registry import identities
from rapport.engines.duplicates.scanning import scan_type
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import add_who, working_as
from rapport.surfaces.cli.progress import ProgressLine

_PAGE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which records."""
    parser.add_argument("what", choices=["scan", "list"], help="scan: look for pairs; list: print those found, likeliest first")
    parser.add_argument("type", nargs="?", default="customer", help="which records (default: customer)")
    parser.add_argument("--all", action="store_true", help="scan: compare all records again, not only those that changed")
    parser.add_argument("--limit", type=int, default=0, help="list: at most so many pairs")
    add_who(parser)


def run(options: argparse.Namespace) -> int:
    """Scan, or list."""
    with working_as(options) as ctx:
        known = [one.type for one in identities()]
        if options.type not in known:
            raise CommandFailed(f"Nothing says what identifies “{options.type}”; choose one of: {', '.join(known)}.")
        info = registry.get(options.type)
        demand_review(ctx, info)
        return _scan(ctx, info, anew=options.all) if options.what == "scan" else _list(ctx, info, options.limit)


def _scan(ctx: Context, info: TypeInfo, *, anew: bool) -> int:
    line = ProgressLine(str(info.plural))

    def watch(done: int, total: int, step: str) -> bool:
        line.show(done / total if total else 0.0, done if step == "read" else 0, f"  {step}")
        return True

    try:
        found = scan_type(ctx.workspace, info.key, watch, anew=anew)
    finally:
        line.end()
    what = "read" if found.is_whole else "changed since the last scan"
    print(f"{found.records:,} {info.plural} {what}, {found.compared:,} pairs compared.")
    if found.kin:
        print(f"{found.kin:,} pairs found with records of other types.")
    if found.noisy:
        print(f"{found.noisy:,} values that too many share were left out.", file=sys.stderr)
    return 0


def _list(ctx: Context, info: TypeInfo, limit: int) -> int:
    shown, cursor = 0, ""
    while True:
        pairs, more = pairs_page(ctx, info, limit=_PAGE, cursor=cursor)
        titles = gate.titles(ctx, info, {pk for one in pairs for pk in (one.one_id, one.other_id)})
        for one in pairs:
            if limit and shown >= limit:
                return 0
            names = f"{titles.get(one.one_id, one.one_id)}\t{titles.get(one.other_id, one.other_id)}"
            print(f"{one.score}\t{names}\t{', '.join(in_words(one.evidence))}\t{one.one_id}\t{one.other_id}")
            shown += 1
        if more is None:
            return 0
        cursor = more
