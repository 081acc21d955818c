"""Make a backup while people work, or prove that one can be restored."""

from __future__ import annotations

import argparse
import datetime as dt
from contextlib import closing
from pathlib import Path

from rapport.engines.backup import place, record
from rapport.engines.backup.create import KEYS_SUFFIX, create
from rapport.engines.backup.keeping import new_name, thin_out
from rapport.engines.backup.settling import settle
from rapport.engines.backup.trying import try_out
from rapport.engines.backup.verify import verify
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.progress import ProgressLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two verbs for people, two for the processes that verify and restore."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="create|verify")
    made = verbs.add_parser("create", help="write database, files and a list of both into one file, and the key beside it")
    place = made.add_mutually_exclusive_group(required=True)
    place.add_argument("--out", metavar="FILE", help="the file to write")
    place.add_argument("--to", metavar="FOLDER", help="write rapport-DATE-TIME.bak into this folder")
    rule = "with --to: keep one an hour for a day, one a day for a week, one a week for five weeks; delete the rest when proven"
    made.add_argument("--keep", action="store_true", help=rule)
    made.add_argument("--verify", action="store_true", help="and prove at once that it can be restored")
    proven = verbs.add_parser("verify", help="restore it beside the living installation, try it out, and throw it away")
    proven.add_argument("file", metavar="FILE")
    proven.add_argument("--keys", metavar="FILE", default="", help=f"the key file (default: FILE{KEYS_SUFFIX})")
    for one in (made, proven):
        add_passphrase(one)
    verbs.add_parser("try").add_argument("facts")
    verbs.add_parser("settle")


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """The option that seals or opens a backup."""
    parser.add_argument("--passphrase-file", metavar="FILE", default="", help="seal or open the backup with what this file holds")


def passphrase(options: argparse.Namespace) -> str:
    """The first line of the passphrase file."""
    if not options.passphrase_file:
        return ""
    return place.first_line(Path(options.passphrase_file))


def own_passphrase(options: argparse.Namespace) -> str:
    """The same, else what seals the backups that are made by themselves."""
    return passphrase(options) or place.passphrase()


def run(options: argparse.Namespace) -> int:
    """Do what the verb says; every proof is a line."""
    if options.verb == "create":
        return _create(options)
    if options.verb == "verify":
        _verify(Path(options.file), Path(options.keys) if options.keys else None, own_passphrase(options))
        return 0
    for line in try_out(Path(options.facts)) if options.verb == "try" else settle():
        print(line)
    return 0


def _create(options: argparse.Namespace) -> int:
    out = Path(options.out) if options.out else Path(options.to) / new_name(dt.datetime.now().astimezone())
    if out.is_dir():
        raise CommandFailed(f"{out} is a folder; name a file in it, or use --to.")
    if options.keep and not options.to:
        raise CommandFailed("--keep goes with --to FOLDER.")
    line = ProgressLine(out.name)
    try:
        with place.only_one(wait=True):
            facts = create(out, passphrase=own_passphrase(options), progress=line.show)
    finally:
        line.end()
    spaces = ", ".join(f"“{one['name']}”" for one in facts["workspaces"]) or "no workspace"  # type: ignore[attr-defined]
    print(f"{out}: {out.stat().st_size / 2**20:,.1f} MB, {facts['files']} files, {spaces}")
    print(f"{out}{KEYS_SUFFIX}: the key; keep it in another place than the backup")
    if options.verify:
        _verify(out, None, own_passphrase(options))
    if options.keep:
        for path in thin_out(Path(options.to), dt.datetime.now().astimezone(), proven=record.proofs()):
            print(f"{path.name}: deleted, newer ones stand for it")
    return 0


def _verify(path: Path, keys: Path | None, secret: str) -> None:
    line = ProgressLine(path.name)
    try:
        with place.only_one(wait=True), closing(verify(path, keys=keys, passphrase=secret, progress=line.show)) as proofs:
            for proof in proofs:
                line.end()
                print(f"ok   {proof}")
    finally:
        line.end()
    print(f"{path.name} can be restored.")
