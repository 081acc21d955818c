"""Making a backup: database first, then the files it names, then the manifest; the key goes into a second file."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from rapport import __version__
from rapport.engines.backup.container import Progress, room_for, writing
from rapport.engines.backup.databases import part_name, snapshot

KEYS_SUFFIX = ".keys"
_SETTINGS = ("RAPPORT_BASE_URL", "RAPPORT_ALLOWED_HOSTS", "RAPPORT_ADD_ONS", "RAPPORT_TRUSTED_PROXIES", "RAPPORT_OPEN_WORKSPACES")


def create(out: Path, *, passphrase: str = "", progress: Progress = lambda share, count: None) -> dict[str, object]:
    """Write the backup to `out` and the key to `out.keys`; returns the manifest's facts. People may go on working.

    Files are copied after the database and are never deleted before a purge, so no row points to a file that is missing.
    """
    data = Path(settings.DATA)
    out.parent.mkdir(parents=True, exist_ok=True)
    room_for(out.parent, int(_size(data) * 1.2))
    with writing(out, passphrase) as (writer, facts):
        facts |= describe()
        with tempfile.TemporaryDirectory(prefix=".rapport-snapshot-", dir=out.parent) as folder:
            copy = Path(folder) / part_name()
            facts |= snapshot(copy)
            writer.add(part_name(), copy, pack=connection.vendor == "sqlite")
        found = list(_files(data))
        for number, (name, path) in enumerate(found, 1):
            writer.add(name, path, pack=False)
            progress(number / len(found), number)
        facts["files"] = sum(name.startswith("files/") for name, _path in found)
    _write_keys(out)
    return facts


def describe() -> dict[str, object]:
    """What this installation is, besides what its database holds. No secret is among it."""
    return {
        "version": __version__, "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "database": connection.vendor, "key": key_mark(settings.SECRET_KEY),
        "settings": {name: os.environ[name] for name in _SETTINGS if os.environ.get(name)},
    }  # fmt: skip


def key_mark(key: str) -> str:
    """By which a key is recognised without being told."""
    return hashlib.sha256(b"rapport-backup-key:" + key.encode()).hexdigest()[:16]


def _files(data: Path) -> Iterator[tuple[str, Path]]:
    """Uploaded files, and the journal of erasures."""
    for path in sorted((data / "files").rglob("*")):
        if path.is_file():
            yield path.relative_to(data).as_posix(), path
    journal = data / "erasures.jsonl"
    if journal.is_file():
        yield journal.name, journal


def _size(data: Path) -> int:
    found = sum(path.stat().st_size for path in (data / "files").rglob("*") if path.is_file())
    if connection.vendor == "sqlite":
        return found + 2 * Path(str(connection.settings_dict["NAME"])).stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return found + int(cursor.fetchone()[0])


def _write_keys(out: Path) -> None:
    """The secret apart from what it opens: keep both, in two places."""
    path = out.with_name(out.name + KEYS_SUFFIX)
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(settings.SECRET_KEY + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
