"""Bring records in from a CSV file; docs/import.md explains mapping files and match keys."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rapport.engines.imports.mapping import load_mapping
from rapport.engines.imports.run import Progress, Report, Wish, import_file
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import add_who, working_as
from rapport.surfaces.cli.progress import ProgressLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """File, meaning, and manner."""
    parser.add_argument("file", help="a table of text: CSV, TSV and the like, in any usual encoding")
    parser.add_argument("--as", dest="type", default="", metavar="TYPE", help="what the lines are: customer, deal, task …")
    parser.add_argument("--map", default="", metavar="FILE", help="a mapping file (JSON); without one, columns are found by name")
    parser.add_argument("--match", default="", metavar="KEYS",
                        help="how to recognise what is there: email,phone,domain,external_id or field keys")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
    parser.add_argument("--encoding", default="", help="such as cp1250; found out when not given")
    parser.add_argument("--delimiter", default="", help="what separates cells; found out when not given")
    add_who(parser)


def run(options: argparse.Namespace) -> int:
    """Import, and tell what became of the lines."""
    if not options.map and not options.type:
        raise CommandFailed("Say what the lines are with --as, such as --as customer, or give a mapping with --map.")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(options.delimiter, options.delimiter)
    if len(delimiter) > 1:
        raise CommandFailed("A delimiter is one sign, such as “;”.")
    mapping = load_mapping(options.map) if options.map else None
    if mapping and options.type and options.type not in {step.type for step in mapping.steps}:
        raise CommandFailed(f"The mapping makes {mapping.steps[-1].type}, not {options.type}; leave --as out.")
    wish = Wish(
        Path(options.file), type=options.type, mapping=mapping, match=options.match, dry_run=options.dry_run,
        encoding=options.encoding, delimiter=delimiter,
    )  # fmt: skip
    line = ProgressLine(wish.path.name)

    def watch(progress: Progress) -> bool:
        share = (progress.step - 1 + progress.done_bytes / max(progress.size, 1)) / progress.steps
        rejected = f"  {progress.counts.rejected:,} rejected" if progress.counts.rejected else ""
        line.show(share, progress.counts.lines, rejected)
        return True

    try:
        with working_as(options) as ctx:
            report = import_file(ctx, wish, watch)
    finally:
        line.end()
    tell(report, dry_run=options.dry_run)
    return 0


def tell(report: Report, *, dry_run: bool) -> None:
    """What was read how, what became of it, and what is left to mend."""
    for note in report.table.notes:
        print(note, file=sys.stderr)
    if report.resumed_after:
        print(f"Went on after line {report.resumed_after:,}, where an earlier run had ended.", file=sys.stderr)
    if report.plans and report.plans[-1].unused and len(report.plans) == 1:
        print("Columns left out: " + ", ".join(report.plans[-1].unused), file=sys.stderr)
    for plan, counts in zip(report.plans, report.counts, strict=True):
        if not counts.lines:
            continue
        parts = [
            f"{number:,} {word}"
            for number, word in (
                (counts.created, "created"), (counts.changed, "changed"), (counts.unchanged, "unchanged"),
                (counts.skipped, "skipped"), (counts.rejected, "rejected"), (counts.extra, "more created for references"),
            )
            if number
        ]  # fmt: skip
        print(f"{str(plan.info.plural).capitalize()}: {', '.join(parts)}.")
    lines = sum(counts.lines for counts in report.counts)
    print(f"{lines:,} lines in {report.seconds:.1f} s, {lines / max(report.seconds, 0.001):,.0f} a second."
          + (" Nothing was kept: this was a dry run." if dry_run else ""), file=sys.stderr)  # fmt: skip
    if report.rejected:
        print(f"{report.total.rejected:,} lines could not be imported. They are in {report.rejected} with the reason; "
              "mend them there and import that file in the same way.", file=sys.stderr)  # fmt: skip
