"""An installation on the database of the pass: a folder, and on PostgreSQL a database of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.cli.conftest import Installation
from tests.platform.ready_made import Ready

_INSIDE = """
from rapport.project.sqlite import use_bundled_sqlite
use_bundled_sqlite()
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.project.settings"
import django; django.setup()
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import working_as_system
with working_as_system(Workspace.objects.order_by("pk").first(), "test") as ctx:
"""

_SCRIPT = """
import io, sys
from contextlib import redirect_stderr, redirect_stdout
def run(*words, typed="", code=0):
    from rapport.surfaces.cli.main import main
    out, err, sys.stdin = io.StringIO(), io.StringIO(), io.StringIO(typed)
    with redirect_stdout(out), redirect_stderr(err):
        found = main(words)
    assert found == code, (words, found, out.getvalue(), err.getvalue())
    return out.getvalue() + err.getvalue()
def add(name):
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import working_as_system
    with working_as_system(Workspace.objects.order_by("pk").first(), "test") as ctx:
        ctx.create("customer", name=name)
"""


class Both(Installation):
    """An installation whose commands can be killed at a line of their output."""

    def kill_after(self, line: int, *words: str) -> list[str]:
        """Start a command and kill -9 it as soon as it has printed so many lines; the lines."""
        process = self.start(*words, PYTHONUNBUFFERED="1")
        lines = []
        assert process.stdout is not None
        for text in process.stdout:
            lines.append(text.strip())
            if len(lines) == line:
                process.send_signal(signal.SIGKILL)
                break
        process.communicate()
        return lines

    def names(self) -> set[str]:
        """The names of all customers."""
        lines = self.run("export", "customer", "--fields", "name", "--format", "jsonl")[0].splitlines()
        return {json.loads(line)["name"] for line in lines}

    def python(self, text: str, *, code: int = 0) -> str:
        """Run a piece of Python inside the first workspace, with `ctx` of the system; what it prints."""
        done = subprocess.run(
            [sys.executable, "-c", _INSIDE + textwrap.indent(textwrap.dedent(text), "    ")], env=self.environment, text=True,
            cwd=self.folder, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, (done.returncode, done.stderr)
        return done.stdout.strip()

    def script(self, text: str) -> str:
        """Run several commands in one process, as `run(*words, typed="", code=0)`, with `add(name)`; what is printed besides."""
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT + textwrap.dedent(text)], env=self.environment, text=True, cwd=self.folder,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def add(self, name: str) -> None:
        """A customer more."""
        self.python(f"ctx.create('customer', name={name!r})")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, ready: Ready) -> Installation:
    """Set up once: what every test begins with."""
    made = Both(tmp_path_factory.mktemp("template"))
    if connection.vendor == "sqlite":
        ready.folder(made.data)
    else:
        made.environment["DATABASE_URL"] = _new_database()
        made.setup()
    return made


@pytest.fixture
def place(tmp_path: Path, template: Installation) -> Iterator[Both]:
    """Set up, with nobody in it but its owner."""
    made = Both(tmp_path)
    shutil.copytree(template.data, made.data)
    if connection.vendor == "sqlite":
        yield made
        return
    made.environment["DATABASE_URL"] = _new_database(template.environment["DATABASE_URL"].rpartition("/")[2])
    yield made
    _drop(made.environment["DATABASE_URL"].rpartition("/")[2])


def _new_database(copied_from: str = "template1") -> str:
    name = f"backup_{secrets.token_hex(6)}"
    _server(f"CREATE DATABASE {name} TEMPLATE {copied_from}")
    given = settings.DATABASES["default"]
    return f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/{name}"


def _drop(name: str) -> None:
    from psycopg.errors import ObjectInUse

    try:
        _server(f"DROP DATABASE {name}")  # without FORCE, which may not end PostgreSQL's own cleaning
    except ObjectInUse:
        _server(f"DROP DATABASE {name} WITH (FORCE)")


def _server(statement: str) -> None:
    import psycopg

    given = settings.DATABASES["default"]
    with psycopg.connect(f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/rapport", autocommit=True) as server:
        server.execute(statement)


@pytest.fixture(autouse=True)
def _no_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RAPPORT_SECRET")]:
        monkeypatch.delenv(name)
