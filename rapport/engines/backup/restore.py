"""Putting a backup back: restored aside, tried, settled, and only then put in the place of what is there, in one step.

kill -9 at any point leaves the old installation or the new one. Files have names that never come twice, so those of the
backup are added beside the old ones before the database changes; the key of the backup is put in front of the old one,
which stays readable. The database changes last: by one rename on SQLite, by one transaction on PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from rapport.engines.backup.container import Backup, reading, sync_folder
from rapport.engines.backup.create import create, key_mark
from rapport.engines.backup.databases import COMPANIONS, dump_of, load
from rapport.engines.backup.files import write_secret
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.record import remember_verified
from rapport.engines.backup.scratch import command_there, restored_aside, run_try
from rapport.engines.backup.tokens import note_revoked
from rapport.engines.backup.verify import checked, key_for
from rapport.engines.privacy.journal import journal_path
from rapport.kernel.jobs.holding import hold


def restore(path: Path, *, keys: Path | None = None, passphrase: str = "", without_keys: bool = False) -> Iterator[str]:
    """One line per step. Raises BackupProblem before anything has changed. Nobody may be working: hold the data folder."""
    data = Path(settings.DATA)
    with reading(path, passphrase) as backup:
        yield checked(backup, path)
        key = _key(path, backup, keys, without_keys=without_keys)
        with restored_aside(backup, key, parent=data) as environment:
            yield from run_try(environment, backup.manifest)
            _merge_journal(Path(environment["RAPPORT_DATA"]))
            note_revoked(Path(environment["RAPPORT_DATA"]))
            yield from command_there(environment, "backup", "settle")
            stamp = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
            kept = data / f"before-restore-{stamp}"
            kept.mkdir(mode=0o700)
            hold(f"restored from {path.name}")
            _add_files(Path(environment["RAPPORT_DATA"]), data)
            _put_key_in_front(data, key, kept)
            if connection.vendor == "sqlite":
                _swap_sqlite(Path(environment["RAPPORT_DATA"]), kept)
            else:
                _swap_postgres(environment, kept)
        remember_verified(str(backup.manifest["created_at"]))
    yield f"in place; what was there before is kept in {kept}"


def restore_workspace(path: Path, name: str, out: Path, *, keys: Path | None = None, passphrase: str = "") -> Iterator[str]:
    """Write one workspace of a backup to `out`, as `rapport workspace export` does; the living installation goes on."""
    with reading(path, passphrase) as backup:
        yield checked(backup, path)
        with restored_aside(backup, key_for(path, backup.manifest, keys), parent=out.parent) as environment:
            yield from run_try(environment, backup.manifest)
            command_there(environment, "workspace", "export", "--workspace", name, "--out", str(out))


def _key(path: Path, backup: Backup, keys: Path | None, *, without_keys: bool) -> str:
    key = settings.SECRET_KEY if without_keys else key_for(path, backup.manifest, keys)
    if os.environ.get("RAPPORT_SECRET_KEY") and key != settings.SECRET_KEY:
        raise BackupProblem("RAPPORT_SECRET_KEY is another key than the backup's; set it to what the .keys file holds.")
    return key


def _merge_journal(folder: Path) -> None:
    """Erasures known here and those known to the backup: all of them are done again where need be."""
    lines: dict[str, None] = {}
    restored = folder / journal_path().name
    for path in (restored, journal_path()):
        if path.is_file():
            lines |= dict.fromkeys(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    if lines:
        restored.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _add_files(restored: Path, data: Path) -> None:
    """Move what is not there yet. Names are random and never used twice, so nothing is written over."""
    for path in sorted((restored / "files").rglob("*")):
        target = data / path.relative_to(restored)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.replace(target)
    journal = restored / journal_path().name
    if journal.is_file():
        journal.replace(journal_path())


def _put_key_in_front(data: Path, key: str, kept: Path) -> None:
    """The key file holds the key and, below it, older ones that are still read (settings: SECRET_KEY_FALLBACKS)."""
    path = data / "secret_key"
    if key_mark(key) == key_mark(settings.SECRET_KEY):
        return
    shutil.copy2(path, kept / "secret_key")
    write_secret(path, "\n".join(dict.fromkeys([key, *path.read_text(encoding="ascii").split()])) + "\n")


def _swap_sqlite(restored: Path, kept: Path) -> None:
    """The living file is brought to rest (no newer writes beside it), linked aside, and replaced by one rename."""
    living, fresh = Path(str(connection.settings_dict["NAME"])), restored / "rapport.sqlite3"
    connections.close_all()
    _rest(fresh)
    if living.exists():
        _rest(living)
        os.link(living, kept / living.name)
    for ending in COMPANIONS:
        living.with_name(living.name + ending).unlink(missing_ok=True)
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    fresh.replace(living)
    sync_folder(living.parent)


def _rest(path: Path) -> None:
    """Write everything that stands beside the file into it. Raises BackupProblem while somebody has it open."""
    opened = sqlite3.connect(path, timeout=2, isolation_level=None)
    try:
        busy = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        mode = opened.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as wrong:
        raise BackupProblem(f"Somebody works with {path.name} ({wrong}); stop Rapport and every runner first.") from None
    finally:
        opened.close()
    if busy or mode != "delete":
        raise BackupProblem(f"Somebody works with {path.name}; stop Rapport and every runner first.")


def _swap_postgres(environment: dict[str, str], kept: Path) -> None:
    """What is there is backed up, then replaced by what was tried and settled, in one transaction."""
    create(kept / "before.bak")
    dump = kept / "database.dump"
    try:
        dump_of(environment["DATABASE_URL"].partition("?")[0].rpartition("/")[2], dump)
        connections.close_all()
        load(dump, str(connection.settings_dict["NAME"]), empty_first=True)
    finally:
        dump.unlink(missing_ok=True)
