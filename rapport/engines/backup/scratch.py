"""A place to put a backup for trying: a folder, and on PostgreSQL a database of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import DatabaseError, OperationalError, connection

from rapport.engines.backup.container import Backup, room_for
from rapport.engines.backup.databases import load
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.privacy.journal import journal_path

_NAME_FILE, _PREFIX = "database.name", "rapport_verify_"


@contextmanager
def restored_aside(backup: Backup, key: str, *, parent: Path) -> Iterator[dict[str, str]]:
    """Put everything into a scratch place; yields the environment of a process that works there. Cleans up after."""
    vendor = "sqlite" if "database.sqlite3" in backup.parts else "postgresql"
    if vendor != connection.vendor:
        raise BackupProblem(_other_database(vendor))
    room_for(parent, sum(int(str(one["size"])) for one in backup.parts.values()) * 2)
    with tempfile.TemporaryDirectory(prefix=".rapport-verify-", dir=parent) as folder:
        data = Path(folder) / "data"
        put_files(backup, data)
        environment = {**os.environ, "RAPPORT_DATA": str(data), "RAPPORT_SECRET_KEY": key}
        if vendor == "sqlite":
            environment.pop("DATABASE_URL", None)
            backup.take("database.sqlite3", data / "rapport.sqlite3")
            yield environment
            return
        dump = Path(folder) / "database.dump"
        backup.take("database.dump", dump)
        with _scratch_database(Path(folder) / _NAME_FILE) as name:
            load(dump, name)
            yield environment | {"DATABASE_URL": _url(name)}


def put_files(backup: Backup, data: Path) -> None:
    """Write the uploaded files and the journal below a data folder."""
    for part in ("", "files", "tmp"):
        (data / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in backup.parts:
        if name.startswith("files/") or name == journal_path().name:
            backup.take(name, data / name)


def run_try(environment: dict[str, str], manifest: dict[str, object]) -> list[str]:
    """What the trying process prints; raises BackupProblem with its sentence."""
    facts = Path(environment["RAPPORT_DATA"]) / "facts.json"
    facts.write_text(json.dumps({"counts": manifest["counts"]}), encoding="utf-8")
    return command_there(environment, "backup", "try", str(facts))


def command_there(environment: dict[str, str], *words: str) -> list[str]:
    """Run a command of ours in the scratch place; the lines it prints. Raises BackupProblem with the sentence it failed with."""
    command = [sys.executable, "-m", "rapport", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip() or f"“rapport {' '.join(words[:2])}” failed in the restored installation."
        raise BackupProblem(told.splitlines()[-1])
    return done.stdout.strip().splitlines()


def _other_database(vendor: str) -> str:
    kept = "PostgreSQL" if vendor == "postgresql" else "SQLite"
    mend = "Set DATABASE_URL to a PostgreSQL database." if vendor == "postgresql" else "Leave DATABASE_URL out."
    return f"This backup is of a {kept} database. {mend} To move from one to the other: rapport workspace export, then import."


@contextmanager
def _scratch_database(note: Path) -> Iterator[str]:
    name = f"{_PREFIX}{secrets.token_hex(6)}"
    note.write_text(name, encoding="ascii")  # whoever clears up after a killed process finds it
    quoted = connection.ops.quote_name(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {quoted}")
    except DatabaseError as wrong:
        reason = str(wrong).strip().splitlines()[0]
        raise BackupProblem(
            f"No database could be made to try the backup in ({reason}). As a superuser: ALTER ROLE … CREATEDB."
        ) from wrong
    try:
        yield name
    finally:
        _drop(quoted)


def scratch_name_in(folder: Path) -> str:
    """The scratch database that a killed process noted in its folder; "" when there is none."""
    try:
        name = (folder / _NAME_FILE).read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return name if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).isalnum() else ""


def drop_scratch(name: str) -> None:
    """Take a scratch database away that somebody left."""
    _drop(connection.ops.quote_name(name))


def _drop(quoted: str) -> None:
    """Take the scratch database away, whoever is still in it.

    Without FORCE first: PostgreSQL then asks its own cleaning (autovacuum) to leave and waits for it. With FORCE it
    would refuse a role that may not end the cleaning's process; that is for connections of our own that still stand.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        except OperationalError:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


def _url(name: str) -> str:
    given = connection.settings_dict
    password = f":{quote(given['PASSWORD'], safe='')}" if given["PASSWORD"] else ""
    who = f"{quote(given['USER'], safe='')}{password}@" if given["USER"] else ""
    host = quote(given["HOST"], safe="") if given["HOST"].startswith("/") else given["HOST"]
    place = f"{'' if host.startswith('%2F') else host}{':' + given['PORT'] if given['PORT'] else ''}"
    tail = f"?host={host}" if host.startswith("%2F") else ""
    return f"postgres://{who}{place}/{quote(name, safe='')}{tail}"
