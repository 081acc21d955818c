"""An empty database is made at once: the same tables, indexes and constraints as by all migrations one after the other."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.servers import ROOT

_STEPS = [sys.executable, "-m", "django", "migrate", "--step-by-step", "--settings=rapport.project.settings", "-v0"]
_AT_ONCE = [sys.executable, "-m", "rapport", "migrate"]
_ON_POSTGRESQL = (
    "SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, ''), character_maximum_length, collation_name"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT app, name FROM django_migrations",
    "SELECT app_label, model FROM django_content_type",
)


def _make(command: list[str], folder: Path, **more: str) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RAPPORT_", "DJANGO_", "DATABASE_URL"))}
    return subprocess.Popen(command, env={**kept, "RAPPORT_DATA": str(folder), "PYTHONPATH": str(ROOT), **more}, cwd=folder.parent)


def _columns_sorted(statement: str) -> str:
    """The statement of a table with its lines in the order of their names: where a column stands says nothing."""
    head, _open, rest = statement.partition("(")
    parts = sorted(re.split(r', (?=[A-Z"])', rest[:-1]))
    return f"{head}({parts}" if head.startswith("CREATE TABLE") else statement


def _on_sqlite(folder: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "rapport.sqlite3") as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        rows = [tuple(row) for table in ("app, name FROM django_migrations", "app_label, model FROM django_content_type")
                for row in connection.execute(f"SELECT {table}")]  # fmt: skip
    connection.close()
    return sorted([(name, _columns_sorted(sql)) for name, sql in made] + rows)


@pytest.mark.process
@pytest.mark.slow
def test_at_once_and_step_by_step_leave_the_same_on_sqlite(tmp_path: Path) -> None:
    folders = [tmp_path / "steps", tmp_path / "once"]
    for process in [_make(_STEPS, folders[0]), _make(_AT_ONCE, folders[1])]:
        assert process.wait(600) == 0
    steps, once = map(_on_sqlite, folders)
    assert once == steps and len(once) > 500


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.postgres_only
def test_at_once_and_step_by_step_leave_the_same_on_postgresql(tmp_path: Path) -> None:
    import psycopg

    server = os.environ["DATABASE_URL"]
    urls = {name: server.rsplit("/", 1)[0] + f"/{name}" for name in ("by_steps", "at_once")}
    with psycopg.connect(server, autocommit=True) as connection:
        for name in urls:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")
    for process in [
        _make(_STEPS, tmp_path / "steps", DATABASE_URL=urls["by_steps"]), _make(_AT_ONCE, tmp_path / "once", DATABASE_URL=urls["at_once"])
    ]:  # fmt: skip
        assert process.wait(600) == 0
    found = []
    for url in urls.values():
        with psycopg.connect(url) as connection:
            found.append([sorted(map(str, connection.execute(question).fetchall())) for question in _ON_POSTGRESQL])
    assert found[0] == found[1] and len(found[0][1]) > 300


@pytest.mark.process
def test_one_that_is_killed_leaves_the_database_empty(tmp_path: Path) -> None:
    """All tables or none: what was half made would stop every later start."""
    process = _make([sys.executable, "-c", _KILLED], tmp_path / "data")
    assert process.wait(120) == 9
    with sqlite3.connect(tmp_path / "data" / "rapport.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    assert _make(_AT_ONCE, tmp_path / "data").wait(120) == 0


_KILLED = """
import os, sys
from rapport.project.sqlite import use_bundled_sqlite
use_bundled_sqlite()
os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.project.settings"
import django; django.setup()
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder.record_applied = lambda *words: os._exit(9)
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
