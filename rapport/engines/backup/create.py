"""Making a backup: database first, then the files it names, then the manifest; the key goes into a second file."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection

from rapport import __version__
from rapport.engines.backup.container import Progress, room_for, writing
from rapport.engines.backup.databases import database_size, part_name, snapshot
from rapport.engines.backup.files import files_size, kept_files, write_secret

KEYS_SUFFIX = ".keys"
_SETTINGS = ("RAPPORT_BASE_URL", "RAPPORT_ALLOWED_HOSTS", "RAPPORT_ADD_ONS", "RAPPORT_TRUSTED_PROXIES", "RAPPORT_OPEN_WORKSPACES")


def create(out: Path, *, passphrase: str = "", progress: Progress = lambda share, count: None) -> dict[str, object]:
    """Write the backup to `out` and the key to `out.keys`; returns the manifest's facts. People may go on working.

    Files are copied after the database and are never deleted before a purge, so no row points to a file that is missing.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    room_for(out.parent, int(_size() * 1.2))
    with writing(out, passphrase) as (writer, facts):
        facts |= describe()
        with tempfile.TemporaryDirectory(prefix=".rapport-snapshot-", dir=out.parent) as folder:
            copy = Path(folder) / part_name()
            facts |= snapshot(copy)
            writer.add(part_name(), copy, pack=connection.vendor == "sqlite")
        found = list(kept_files())
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


def plain_size() -> int:
    """Bytes of what a backup holds, before packing."""
    return files_size() + database_size()


def _size() -> int:
    """A SQLite database lies beside the backup as a copy while it is packed."""
    return files_size() + (2 if connection.vendor == "sqlite" else 1) * database_size()


def _write_keys(out: Path) -> None:
    """The secret apart from what it opens: keep both, in two places."""
    write_secret(out.with_name(out.name + KEYS_SUFFIX), settings.SECRET_KEY + "\n")
