"""Bring records in from a file, or take an import back; docs/import.md explains plans and match keys."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rapport.engines.imports.foreseeing import foresee, prepare_foresee
from rapport.engines.imports.mapping import load_mapping
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.reverting import prepare_revert, revert
from rapport.engines.imports.run import Progress, Report, Wish, import_file
from rapport.engines.imports.session import find
from rapport.engines.imports.table import Reading
from rapport.kernel.context import Context
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import add_who, working_as
from rapport.surfaces.cli.progress import ProgressLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """File, meaning, and manner."""
    parser.add_argument("file", nargs="?", default="", help="CSV, TSV, XLSX, ODS, vCard or JSON lines; read as it is found")
    parser.add_argument("--as", dest="type", default="", metavar="TYPE", help="what the lines are: customer, deal, task …")
    parser.add_argument("--plan", "--map", dest="map", default="", metavar="FILE",
                        help="a plan (JSON); without one, columns are found by name")  # fmt: skip
    parser.add_argument("--match", default="", metavar="KEYS",
                        help="how to recognise what is there: email,phone,domain,external_id or field keys")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true",
                        help="do everything, then undo it; with --revert: only tell what it would do")  # fmt: skip
    parser.add_argument("--encoding", default="", help="such as cp1250; found out when not given")
    parser.add_argument("--delimiter", default="", help="what separates cells; found out when not given")
    parser.add_argument("--sheet", default="", metavar="NAME", help="the sheet of a workbook; the first with anything in it")
    parser.add_argument("--no-header", action="store_true", help="the first row is data already")
    parser.add_argument("--resume", action="store_true",
                        help="only go on with a run of this file that broke off (else a new one may begin)")  # fmt: skip
    parser.add_argument("--revert", default="", metavar="ID", help="take the import with this id back; no file is needed")
    parser.add_argument("--force", action="store_true", help="with --revert: also records that somebody changed since")
    add_who(parser)


def run(options: argparse.Namespace) -> int:
    """Import, and tell what became of the lines."""
    if options.revert:
        return take_back(options)
    if not options.file:
        raise CommandFailed("Name the file to import.")
    if not options.map and not options.type:
        raise CommandFailed("Say what the lines are with --as, such as --as customer, or give a plan with --plan.")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(options.delimiter, options.delimiter)
    if len(delimiter) > 1:
        raise CommandFailed("A delimiter is one sign, such as “;”.")
    mapping = load_mapping(options.map) if options.map else None
    if mapping and options.type and options.type not in {step.type for step in mapping.steps}:
        raise CommandFailed(f"The mapping makes {mapping.steps[-1].type}, not {options.type}; leave --as out.")
    wish = Wish(
        Path(options.file), type=options.type, mapping=mapping, match=options.match, dry_run=options.dry_run,
        reading=Reading(options.encoding, delimiter, options.sheet, False if options.no_header else None),
        only_resume=options.resume,
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


def take_back(options: argparse.Namespace) -> int:
    """Take an import back, and tell what came of it."""
    line = ProgressLine("revert")

    def watch(run: ImportRun) -> bool:
        total = sum(run.counts.get(key, 0) for key in ("created", "changed", "extra"))
        line.show(min(1.0, int(run.revert["done"]) / max(total, 1)), int(run.revert["done"]), "")
        return True

    try:
        with working_as(options) as ctx:
            run = find(ctx, options.revert)
            if options.dry_run:
                return _foretell(ctx, run)
            prepare_revert(ctx, run, force=options.force)
            revert(ctx, run, watch)
    finally:
        line.end()
    found = run.revert
    print(f"{found['deleted']:,} into the bin, {found['restored']:,} with their old values, {found['left']:,} left alone.")
    for _type, _pk, title, why in found["listed"]:
        print(f"Left alone: {title} ({why})", file=sys.stderr)
    return 0


def _foretell(ctx: Context, run: ImportRun) -> int:
    """Say what taking an import back would do."""
    prepare_foresee(ctx, run)
    foresee(ctx, run)
    found = run.revert["foreseen"]
    print(f"{found['deleted']:,} would go into the bin, {found['restored']:,} would get their old values, "
          f"{found['left']:,} would be left alone. Nothing was done: this was a dry run.")  # fmt: skip
    for _type, _pk, title, why in found["listed"]:
        print(f"Left alone: {title} ({why})", file=sys.stderr)
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
    if report.run is not None and (report.total.created or report.total.changed):
        print(f"To take it back: rapport import --revert {report.run.pk}", file=sys.stderr)
    if report.rejected:
        print(f"{report.total.rejected:,} lines could not be imported. They are in {report.rejected} with the reason; "
              "mend them there and import that file in the same way.", file=sys.stderr)  # fmt: skip
