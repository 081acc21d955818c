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
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from rapport.engines.backup.container import Backup, reading
from rapport.engines.backup.create import create, key_mark
from rapport.engines.backup.databases import COMPANIONS, dump_of, load
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.scratch import restored_aside, run_try
from rapport.engines.backup.verify import key_for, refuse_workspace, remember_verified
from rapport.kernel.jobs.holding import hold

JOURNAL = "erasures.jsonl"


def restore(path: Path, *, keys: Path | None = None, passphrase: str = "", without_keys: bool = False) -> Iterator[str]:
    """One line per step. Raises BackupProblem before anything has changed. Nobody may be working: hold the data folder."""
    data = Path(settings.DATA)
    with reading(path, passphrase) as backup:
        refuse_workspace(backup.manifest, path)
        backup.check()
        yield f"{len(backup.parts):,} parts, each as it was put in"
        key = _key(path, backup, keys, without_keys=without_keys)
        with restored_aside(backup, key, parent=data) as environment:
            yield from run_try(environment, backup.manifest, data)
            _merge_journal(data / JOURNAL, Path(environment["RAPPORT_DATA"]) / JOURNAL)
            yield from _settle(environment)
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
        refuse_workspace(backup.manifest, path)
        backup.check()
        yield f"{len(backup.parts):,} parts, each as it was put in"
        with restored_aside(backup, key_for(path, backup.manifest, keys), parent=out.parent) as environment:
            yield from run_try(environment, backup.manifest, out.parent)
            command = [sys.executable, "-m", "rapport", "workspace", "export", "--workspace", name, "--out", str(out)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BackupProblem(done.stderr.strip().splitlines()[-1])


def _key(path: Path, backup: Backup, keys: Path | None, *, without_keys: bool) -> str:
    key = settings.SECRET_KEY if without_keys else key_for(path, backup.manifest, keys)
    if os.environ.get("RAPPORT_SECRET_KEY") and key != settings.SECRET_KEY:
        raise BackupProblem("RAPPORT_SECRET_KEY is another key than the backup's; set it to what the .keys file holds.")
    return key


def _settle(environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-m", "rapport", "backup", "settle"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupProblem((done.stderr.strip() or "The restored installation could not be settled.").splitlines()[-1])
    return done.stdout.strip().splitlines()


def _merge_journal(living: Path, restored: Path) -> None:
    """Erasures known here and those known to the backup: all of them are done again where need be."""
    lines: dict[str, None] = {}
    for path in (restored, living):
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
    if (restored / JOURNAL).is_file():
        (restored / JOURNAL).replace(data / JOURNAL)


def _put_key_in_front(data: Path, key: str, kept: Path) -> None:
    """The key file holds the key and, below it, older ones that are still read (settings: SECRET_KEY_FALLBACKS)."""
    path = data / "secret_key"
    if key_mark(key) == key_mark(settings.SECRET_KEY):
        return
    shutil.copy2(path, kept / "secret_key")
    part = path.with_name(".secret_key.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(dict.fromkeys([key, *path.read_text(encoding="ascii").split()])) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


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
    folder = os.open(living.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
