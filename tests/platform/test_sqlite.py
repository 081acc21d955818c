"""The SQLite under Rapport is one that keeps what it acknowledged, and every connection is set up for that."""

from __future__ import annotations

import types

import pytest
from django.db import connection

from rapport.project import settings as product
from rapport.project.databases import database_settings
from rapport.project.sqlite import UnsafeSqlite, refuse_unsafe_sqlite


@pytest.mark.once
@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2), (3, 52, 0)])
def test_a_sqlite_that_loses_commits_is_refused_in_one_sentence(version: tuple[int, int, int]) -> None:
    old = types.ModuleType("sqlite3")
    old.sqlite_version_info, old.sqlite_version = version, ".".join(map(str, version))  # type: ignore[attr-defined]
    with pytest.raises(UnsafeSqlite) as refusal:
        refuse_unsafe_sqlite(old)
    assert str(refusal.value).startswith(f"Rapport needs SQLite 3.51.3 or newer, found {old.sqlite_version}")
    assert "\n" not in str(refusal.value)


@pytest.mark.sqlite_only
def test_django_runs_on_the_bundled_sqlite() -> None:
    from django.db.backends.sqlite3.base import Database

    refuse_unsafe_sqlite(Database)


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_connections_write_ahead_and_guard_references() -> None:
    found = {}
    with connection.cursor() as cursor:
        for name in ("journal_mode", "foreign_keys", "cache_size", "temp_store"):
            cursor.execute(f"PRAGMA {name}")
            found[name] = cursor.fetchone()[0]
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "cache_size": -16000, "temp_store": 2}


@pytest.mark.once
def test_real_servers_wait_for_the_disk_and_lock_at_the_start() -> None:
    # The tests' own settings trade durability for speed, so the product's are read as they are made.
    options = database_settings("", product.DATA)["OPTIONS"]
    assert "PRAGMA synchronous=FULL" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
