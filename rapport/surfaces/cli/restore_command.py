"""Put a backup back; what is there now is kept aside."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from rapport import __version__
from rapport.engines.backup.container import reading
from rapport.engines.backup.create import KEYS_SUFFIX
from rapport.engines.backup.databases import own_facts
from rapport.engines.backup.restore import restore, restore_workspace
from rapport.engines.backup.settling import settle
from rapport.engines.backup.verify import refuse_workspace
from rapport.engines.moving.unpack import unpack
from rapport.kernel.jobs.holding import held_because, release
from rapport.project.data_lock import hold_data_folder
from rapport.surfaces.cli.backup_command import add_passphrase, own_passphrase
from rapport.surfaces.cli.failures import CommandFailed

#: What is told after anything was put back.
HELD = "Mails, webhooks, follow-ups and API tokens are held back; if all is well, let them go: rapport restore --release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, whether to look only, and letting go afterwards."""
    parser.add_argument("file", metavar="FILE", nargs="?", default="")
    parser.add_argument("--dry-run", action="store_true", help="say what it holds and what it would replace; change nothing")
    parser.add_argument("--keys", metavar="FILE", default="", help=f"the key file (default: FILE{KEYS_SUFFIX})")
    parser.add_argument("--without-keys", action="store_true", help="go on with this installation's key: second steps are lost")
    parser.add_argument("--replace", action="store_true", help="needed where workspaces stand already")
    parser.add_argument("--workspace", metavar="NAME", default="", help="bring back this one only, beside what is here")
    parser.add_argument("--as", dest="name", metavar="NAME", default="", help="with --workspace: what it is called then")
    parser.add_argument("--release", action="store_true", help="let mails, webhooks, follow-ups, API tokens go again")
    add_passphrase(parser)


def run(options: argparse.Namespace) -> int:
    """Refuse a living target, look, restore; every step is a line."""
    if options.release and not options.file:
        return _release()
    if not options.file:
        raise CommandFailed("Name the backup: rapport restore FILE")
    if options.workspace:
        return _one_workspace(options)
    lock = hold_data_folder(Path(settings.DATA), "a restore is under way")
    try:
        is_empty = _say_what(options)
        if options.dry_run:
            print("Nothing was changed.")
            return 0
        if not is_empty and not options.replace:
            raise CommandFailed("There are workspaces already; --replace puts the backup in their place (they are kept aside).")
        keys = Path(options.keys) if options.keys else None
        steps = restore(Path(options.file), keys=keys, passphrase=own_passphrase(options), without_keys=options.without_keys)
        for step in steps:
            print(f"ok   {step}")
        if options.release:
            return _release()
        print(HELD)
        return 0
    finally:
        lock.close()


def _one_workspace(options: argparse.Namespace) -> int:
    """Beside the living ones, under ids of its own when it stands here already; people go on working meanwhile."""
    if not options.name:
        raise CommandFailed("Say with --as what the restored workspace shall be called.")
    keys = Path(options.keys) if options.keys else None
    with tempfile.TemporaryDirectory(prefix=".rapport-restore-", dir=settings.DATA) as folder:
        out = Path(folder) / "workspace.zip"
        for step in restore_workspace(Path(options.file), options.workspace, out, keys=keys, passphrase=own_passphrase(options)):
            print(f"ok   {step}")
        for step in unpack(out, name=options.name):
            print(f"ok   {step}")
    return 0


def _say_what(options: argparse.Namespace) -> bool:
    """What the backup holds and what stands here; whether here is nothing yet."""
    with reading(Path(options.file), own_passphrase(options)) as backup:
        facts = backup.manifest
        refuse_workspace(facts, Path(options.file))
        version = f"Rapport {facts['version']} (this is {__version__})"
        print(f"{options.file}: {version}, {facts['database']}, made {facts['created_at']}")
        print(f"  workspaces  {_names(facts['workspaces'])}")
        print(f"  files       {facts['files']}, rows {sum(facts['counts'].values()):,}")  # type: ignore[attr-defined]
    try:
        here = own_facts()["workspaces"]
    except DatabaseError:
        here = []
    print(f"  replaces    {_names(here)}")
    return not here


def _names(spaces: object) -> str:
    found = [f"“{one['name']}” ({one['changes']:,} changes)" for one in spaces]  # type: ignore[attr-defined]
    return ", ".join(found) or "nothing"


def _release() -> int:
    if not held_because():
        print("Nothing is held back.")
        return 0
    for line in settle():
        print(f"ok   {line}")
    release()
    print("Mails, webhooks, follow-ups and API tokens go again.")
    return 0
