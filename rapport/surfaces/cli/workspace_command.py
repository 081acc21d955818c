"""Write a whole workspace into one file of open formats, or bring one in."""

from __future__ import annotations

import argparse
from pathlib import Path

from rapport.engines.moving.pack import pack
from rapport.engines.moving.unpack import unpack
from rapport.surfaces.cli.backup_command import add_passphrase, passphrase
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.people import find_workspace
from rapport.surfaces.cli.progress import ProgressLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Out or in."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="export|import")
    out = verbs.add_parser("export", help="records, files, settings, people and the log, as JSON lines in a ZIP; no passwords")
    out.add_argument("--workspace", metavar="NAME", default="", help="which one (needed when there are several)")
    out.add_argument("--out", metavar="FILE", required=True)
    back = verbs.add_parser("import", help="bring in what export wrote, also on the other kind of database")
    back.add_argument("file", metavar="FILE")
    back.add_argument("--as", dest="name", metavar="NAME", default="", help="call it otherwise")
    for one in (out, back):
        add_passphrase(one)


def run(options: argparse.Namespace) -> int:
    """Every step is a line."""
    if options.verb == "import":
        for step in unpack(Path(options.file), name=options.name, passphrase=passphrase(options)):
            print(f"ok   {step}")
        return 0
    out = Path(options.out)
    if out.is_dir():
        raise CommandFailed(f"{out} is a folder; name a file in it.")
    workspace = find_workspace(options.workspace)
    line = ProgressLine(out.name)
    try:
        facts = pack(workspace, out, passphrase=passphrase(options), progress=line.show)
    finally:
        line.end()
    rows = sum(facts["counts"].values())  # type: ignore[attr-defined]
    print(f"{out}: “{workspace.name}”, {rows:,} rows, {out.stat().st_size / 2**20:,.1f} MB")
    return 0
