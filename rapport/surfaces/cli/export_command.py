"""Write records to CSV, Excel, JSON lines or vCards, with the rights of the user it runs as."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rapport.engines.exports.formats import FORMATS
from rapport.engines.exports.writing import export_rows
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import add_who, working_as


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, which, where to."""
    parser.add_argument("type", help="record type: customer, deal, task …")
    parser.add_argument("--filter", default="", metavar="TEXT", help="only records that match, such as: stage.outcome is won")
    parser.add_argument("--fields", default="", metavar="KEYS", help="field keys, separated by commas (default: all)")
    parser.add_argument("--sort", default="", metavar="KEY", help="field key, with - in front for descending")
    parser.add_argument("--format", choices=FORMATS, default="", help="default: from the name of --out, else csv")
    parser.add_argument("--out", default="", metavar="FILE", help="file to write (default: standard output)")
    add_who(parser)


def run(options: argparse.Namespace) -> int:
    """Export; a file appears whole or not at all."""
    out = Path(options.out) if options.out and options.out != "-" else None
    ending = out.suffix.lstrip(".").replace("ndjson", "jsonl") if out else ""
    format = options.format or (ending if ending in FORMATS else "csv")
    keys = [key.strip() for key in options.fields.split(",") if key.strip() and key.strip() not in ("id", "version")]
    with working_as(options) as ctx:
        chunks = export_rows(
            ctx, registry.get(options.type), parse(options.filter) if options.filter else None, keys or None, format,
            sort=options.sort,
        )  # fmt: skip
        if out is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
            return 0
        if out.is_dir():
            raise CommandFailed(f"{out} is a folder; name a file in it.")
        part = out.with_name(f".{out.name}.part")
        try:
            with part.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    return 0
