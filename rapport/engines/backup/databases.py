"""Taking a consistent copy of the database while people work, and putting one back, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from rapport.engines.backup.problems import BackupProblem
from rapport.kernel.access.current import unscoped
from rapport.kernel.access.walls import OPTION_OF_DUMPS

#: Files beside a SQLite database that belong to it while it is open.
COMPANIONS = ("-wal", "-shm", "-journal")
#: Sessions are not restored: after a restore everybody signs in anew.
_NOT_COUNTED = ("sessions",)
Ask = Callable[[str], Sequence[tuple[Any, ...]]]


def part_name() -> str:
    """What the database is called inside a backup."""
    return "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"


def database_size() -> int:
    """Bytes of the database we are connected to, on the disk it lies on."""
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        return path.stat().st_size if path.is_file() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def snapshot(out: Path) -> dict[str, object]:
    """Write a copy as of one moment; returns what it holds: rows of each table, workspaces, migrations.

    SQLite: VACUUM INTO, which reads one snapshot beside all writers; a copied file is no backup (docs/decisions/0019-backup.md).
    PostgreSQL: pg_dump, whose role says that it wants the rows of every workspace.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(out)])
        return sqlite_facts(out)
    with unscoped("a backup holds the rows of every workspace"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        moment = cursor.fetchone()[0]
        found = _facts(_asking(cursor))
        words = ["--format=custom", "--enable-row-security", "--no-owner", "--no-privileges", f"--snapshot={moment}"]
        _run("pg_dump", *words, f"--file={out}", _database())
    return found


def sqlite_facts(path: Path) -> dict[str, object]:
    """What a SQLite file holds; raises BackupProblem when it is not whole."""
    copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        if (found := copy.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise BackupProblem(f"The database in it is damaged ({found}); use another backup.")
        if (broken := copy.execute("PRAGMA foreign_key_check").fetchone()) is not None:
            raise BackupProblem(f"A row of {broken[0]} points to a row of {broken[2]} that is missing; use another backup.")
        return _facts(lambda text: copy.execute(text).fetchall())
    except sqlite3.DatabaseError as wrong:
        raise BackupProblem(f"The database in it cannot be read ({wrong}); use another backup.") from None
    finally:
        copy.close()


def own_facts() -> dict[str, object]:
    """What the database we are connected to holds."""
    with unscoped("a restored database is compared with what was backed up"), connection.cursor() as cursor:
        return _facts(_asking(cursor))


def _asking(cursor: Any) -> Ask:
    def ask(text: str) -> Sequence[tuple[Any, ...]]:
        cursor.execute(text)
        return cursor.fetchall()

    return ask


def _facts(ask: Ask) -> dict[str, object]:
    if connection.vendor == "sqlite":
        there = {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
    else:
        there = {name for (name,) in ask("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)")}
    tables = [
        model._meta.db_table for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in _NOT_COUNTED
    ]  # fmt: skip
    spaces = ask('SELECT id, name, change_number, change_hash FROM "kernel_workspace" ORDER BY name, id')
    return {
        "counts": {table: ask(f'SELECT count(*) FROM "{table}"')[0][0] for table in sorted(set(tables) & there)},
        "workspaces": [
            {"id": str(pk).replace("-", ""), "name": name, "changes": number, "last": last} for pk, name, number, last in spaces
        ],
        "migrations": sorted(f"{app}.{name}" for app, name in ask('SELECT app, name FROM "django_migrations"')),
    }


def dump_of(database: str, out: Path) -> None:
    """Dump another database of the same server, which nobody works with."""
    _run("pg_dump", "--format=custom", "--enable-row-security", "--no-owner", "--no-privileges", f"--file={out}", database)


def load(dump: Path, database: str, *, empty_first: bool = False) -> None:
    """Put a dump into a PostgreSQL database, in one transaction: it is there whole, or everything is as before."""
    folder = dump.parent
    wanted, script, opening = folder / "wanted.txt", folder / "load.sql", folder / "empty.sql"
    # The schema stands in every database, and the extension may belong to somebody else.
    lines = _run("pg_restore", "--list", str(dump)).splitlines()
    unwanted = (" SCHEMA - public ", " EXTENSION - ", " COMMENT - EXTENSION ", " COMMENT - SCHEMA ")
    wanted.write_text("\n".join(line for line in lines if not any(word in line for word in unwanted)), encoding="utf-8")
    _run("pg_restore", "--no-owner", "--no-privileges", f"--use-list={wanted}", f"--file={script}", str(dump))
    opening.write_text((_EMPTY if empty_first else "") + "CREATE EXTENSION IF NOT EXISTS pg_trgm;\n", encoding="utf-8")
    quiet = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--single-transaction", "--set=ON_ERROR_STOP=1")
    try:
        _run("psql", *quiet, f"--file={opening}", f"--file={script}", database)
    finally:
        for path in (wanted, script, opening):
            path.unlink(missing_ok=True)


#: Drops our tables (with their indexes, sequences and policies), never what belongs to an extension.
_EMPTY = """
SET client_min_messages = error;
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relkind IN ('r', 'p')
    AND c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name); END LOOP;
END $$;
"""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs: in PATH, or where Debian keeps them (the newest)."""
    found = shutil.which("pg_dump")
    # Debian's wrapper in PATH chooses a version by itself; the real programs stand beside the server.
    if found and "postgresql-common" not in str(Path(found).resolve()):
        return Path(found).parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_dump")]
    return max(folders, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


def environment() -> dict[str, str]:
    """What PostgreSQL's programs need to reach our database; the password does not stand in a command line."""
    given = connection.settings_dict
    wanted = {
        "PGHOST": given["HOST"], "PGPORT": given["PORT"], "PGUSER": given["USER"], "PGPASSWORD": given["PASSWORD"],
        "PGOPTIONS": OPTION_OF_DUMPS, "PGCONNECT_TIMEOUT": "10",
    }  # fmt: skip
    return {**os.environ, **{name: str(value) for name, value in wanted.items() if value}}


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *words: str) -> str:
    folder = programs()
    if folder is None or not (folder / program).exists():
        raise BackupProblem(f"{program} is missing; install PostgreSQL's client programs (apt install postgresql-client).")
    done = subprocess.run([str(folder / program), *words], env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = next((line for line in lines if "ERROR" in line or "error:" in line), lines[-1] if lines else "no reason given")
        raise BackupProblem(f"{program} failed: {reason.strip()[:300]}")
    return done.stdout
