"""Databases and data folders made once, from which tests take copies.

All migrations take 15 s of a core, `rapport setup` as much; a copy of what they made takes none. Fixtures:

django_db_setup   (in the place of pytest-django's) the test database: a copy of one that some process has migrated before
ready             what tests of processes begin with: `ready.database(path)` puts a migrated SQLite file there,
                  `ready.folder(path)` a data folder with a workspace, which `rapport setup` made once for the pass

A migrated SQLite file is kept in .build for the next run, under a hash of all code that says what the tables are like.
Tests that say something about migrating or setting up begin with nothing, as they did.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import django
import pytest
from django.db import connection

from tests.platform.installations import Installation

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".build" / "test-databases"
#: The code that decides what tables and rows migrations leave; the kinds of fields say what their columns are.
_CODE = (
    "rapport/kernel/**/*.py",
    "rapport/**/migrations/*.py",
    "rapport/**/models.py",
    "rapport/project/**/*.py",
    "requirements/core.txt",
)


def shared_folder() -> Path:
    """The folder that all processes of this pass have in common."""
    return Path(os.environ["RAPPORT_TEST_DATA"])


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Of all processes of this pass only one at a time is in here; one that is killed leaves the door open."""
    with (shared_folder() / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def tables_hash() -> str:
    """A hash of the code that says what the tables are like: another one, and what is kept is not used."""
    found = hashlib.sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
    for path in sorted({path for pattern in _CODE for path in ROOT.glob(pattern)}):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:20]


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: object, django_db_modify_db_settings: None
) -> Iterator[None]:
    """The test database, copied when there is one to copy."""
    from django.test.utils import setup_databases, teardown_databases

    verbosity = request.config.option.verbose
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        name = connection.creation._get_test_db_name()
        take, keep = (_take_file, _keep_file) if connection.vendor == "sqlite" else (_take_copy, _keep_copy)
        with only_one("tables"):
            is_copy = take(name)
            made = setup_databases(
                verbosity=verbosity, interactive=False, keepdb=is_copy, aliases={"default"}, serialized_aliases=set()
            )  # fmt: skip
            if not is_copy:
                keep(name)
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        teardown_databases(made, verbosity=verbosity)


def _take_file(name: str) -> bool:
    kept = KEPT / f"{tables_hash()}.sqlite3"
    if not kept.is_file():
        return False
    for old in Path(name).parent.glob(f"{Path(name).name}*"):
        old.unlink()
    shutil.copyfile(kept, name)
    return True


def _keep_file(name: str) -> None:
    """Written beside and moved, so that it is whole or not there; those of other code go after a while."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in sorted(KEPT.glob("*.sqlite3"), key=lambda path: path.stat().st_mtime)[:-5]:
        old.unlink(missing_ok=True)
    beside = KEPT / f"{tables_hash()}.{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(beside)])
    with sqlite3.connect(beside) as copy:
        copy.execute("PRAGMA journal_mode=WAL")  # as the database of an installation; VACUUM INTO leaves it behind
    copy.close()
    beside.replace(KEPT / f"{tables_hash()}.sqlite3")


def _kept_name() -> str:
    return f"kept_{tables_hash()}"


def _take_copy(name: str) -> bool:
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [_kept_name()])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_kept_name()}"')
    return True


def _keep_copy(name: str) -> None:
    connection.close()  # a database that somebody is in cannot be copied
    if pool := getattr(connection, "pool", None):
        pool.close()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'kept\\_%%'")
        for (old,) in cursor.fetchall():
            if re.fullmatch(r"kept_[0-9a-f]{20}", old):
                cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
        cursor.execute(f'CREATE DATABASE "{_kept_name()}" TEMPLATE "{name}"')


class Ready:
    """What tests of processes begin with, made once for the pass."""

    def database(self, to: Path) -> None:
        """A SQLite file with all tables and no workspace."""
        kept = KEPT / f"{tables_hash()}.sqlite3"
        with only_one("tables"):
            if not kept.is_file():
                KEPT.mkdir(parents=True, exist_ok=True)
                made = Installation(shared_folder() / "migrated")
                made.folder.mkdir()
                made.run("migrate")
                (made.data / "rapport.sqlite3").replace(kept)
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(kept, to)

    def folder(self, to: Path) -> None:
        """A data folder with the workspace Fernhill, whose owner is ann@example.com."""
        made = Installation(shared_folder() / "set-up")
        with only_one("set-up"):
            if not (made.folder / "done").exists():
                shutil.rmtree(made.folder, ignore_errors=True)
                self.database(made.data / "rapport.sqlite3")
                made.setup()
                (made.folder / "done").touch()
        shutil.copytree(made.data, to)


READY = Ready()


@pytest.fixture(scope="session")
def ready() -> Ready:
    """See the module."""
    return READY
