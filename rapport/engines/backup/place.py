"""Where the backups that are made by themselves lie, whether there are any, and what seals them."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from rapport.engines.backup.create import plain_size
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.scratch import drop_scratch, scratch_name_in

OFF = "off"
_LEAST_SIGNS = 12
#: A tenth of the disk stays free; of a large disk not more than this.
_FREE_SHARE, _FREE_ENOUGH = 0.10, 10 * 2**30
_LEFTOVERS = (".rapport-backup-*", ".rapport-snapshot-*", ".rapport-verify-*")


def is_on() -> bool:
    """Whether backups are made without anybody asking: by default with SQLite, which is one's own computer; whoever
    runs a PostgreSQL server says where (its client programs and the right CREATEDB are needed too)."""
    return settings.BACKUPS.casefold() != OFF and bool(settings.BACKUPS or connection.vendor == "sqlite")


def folder() -> Path:
    """The folder of the backups."""
    named = settings.BACKUPS if settings.BACKUPS.casefold() != OFF else ""
    return Path(named).expanduser().resolve() if named else Path(settings.DATA) / "backups"


def ready_folder() -> Path:
    """The folder, to write into. The default one is made; one that was named must be there, for a disk that is not
    mounted must not become a folder on the disk below it."""
    found = folder()
    if found == Path(settings.DATA) / "backups":
        found.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not found.is_dir():
        raise BackupProblem(f"The folder {found} is not there; mount its disk, or make it.")
    return found


def is_same_disk() -> bool:
    """Whether the backups lie on the disk of the data, whose loss would take both."""
    return existing(folder()).stat().st_dev == Path(settings.DATA).stat().st_dev


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there: the disk it would lie on."""
    while not path.exists():
        path = path.parent
    return path


def passphrase() -> str:
    """What seals the backups; "" when nothing does."""
    if not settings.BACKUP_PASSPHRASE_FILE:
        return ""
    return first_line(Path(settings.BACKUP_PASSPHRASE_FILE))


def first_line(path: Path) -> str:
    """The passphrase that a file holds in its first line."""
    try:
        found = path.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, ValueError):
        raise BackupProblem(f"{path} with the passphrase cannot be read.") from None
    if not found or len(found[0]) < _LEAST_SIGNS:
        raise BackupProblem(f"{path} holds no passphrase of at least {_LEAST_SIGNS} signs in its first line.")
    return found[0]


def refuse_full_disk(where: Path) -> None:
    """A backup never fills the disk: twice its size must be free, and a tenth of the disk stay so."""
    disk, needed = shutil.disk_usage(where), 2 * plain_size()
    if disk.free < needed or disk.free < min(disk.total * _FREE_SHARE, _FREE_ENOUGH):
        raise BackupProblem(
            f"The disk of {where} has {disk.free / 2**30:.1f} GB free, too little for a backup; make room or name another "
            "folder with RAPPORT_BACKUPS.", code="disk"
        )  # fmt: skip


@contextmanager
def only_one(*, wait: bool) -> Iterator[None]:
    """One backup or proof at a time. The lock is the kernel's: a killed process never leaves a stale one."""
    with (Path(settings.DATA) / "backup.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            raise BackupProblem("Another backup is being made or proven; wait until it is done.", code="busy") from None
        yield


def is_busy() -> bool:
    """Whether a backup is being made or proven at this moment."""
    try:
        with only_one(wait=False):
            return False
    except BackupProblem:
        return True


def clear_leftovers(where: Path) -> int:
    """Remove what a killed process left in the folder; only while holding the lock. Returns how many there were."""
    found = [path for pattern in _LEFTOVERS for path in where.glob(pattern)]
    for path in found:
        if name := scratch_name_in(path):
            try:
                drop_scratch(name)
            except DatabaseError:
                continue  # the server is not there; the next round tries again
        shutil.rmtree(path, ignore_errors=True)
    return len(found)
