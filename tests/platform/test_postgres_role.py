"""A PostgreSQL role that steps over row-level security is refused, everywhere and with the sentence that mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from rapport.project.databases import database_settings
from rapport.project.postgres.base import ALLOW_SUPERUSER, DatabaseWrapper, UnfitRole
from tests.platform.programs import find_postgres
from tests.platform.servers import RunningRapport

pytestmark = pytest.mark.postgres_only
ROOT = Path(__file__).resolve().parent.parent.parent


def _url(role: str, name: str = "postgres") -> str:
    here = urlsplit(os.environ["DATABASE_URL"])
    return f"postgres://{role}@{here.hostname}:{here.port}/{name}"


@pytest.fixture
def superuser() -> str:
    """The throw-away server's superuser; somebody's own server may have none for us."""
    url = _url("postgres")
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        pytest.skip("this PostgreSQL has no superuser for tests")
    return url


def _connection(url: str) -> DatabaseWrapper:
    return DatabaseWrapper({**connection.settings_dict, **database_settings(url, Path("/unused"))}, alias="other")


def _said(*command: str, **environment: str) -> tuple[int, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAPPORT_", "DJANGO_"))}
    answer = subprocess.run(
        [sys.executable, "-m", "rapport", *command], cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60
    )
    return answer.returncode, answer.stdout + answer.stderr


def test_a_superuser_is_refused_at_every_connection_and_again(db: None, superuser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused the second time too: a refused connection is not kept."""
    monkeypatch.delenv(ALLOW_SUPERUSER, raising=False)
    one = _connection(superuser)
    for _time in range(2):
        with pytest.raises(UnfitRole, match="is a superuser.*CREATE ROLE rapport LOGIN"), one.cursor():
            pass
        assert one.connection is None
    monkeypatch.setenv(ALLOW_SUPERUSER, "1")
    with one.cursor() as cursor:
        cursor.execute("SELECT 1")
    one.close()


def test_a_role_with_bypassrls_is_refused(db: None, superuser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no superuser, and would see everything all the same."""
    monkeypatch.delenv(ALLOW_SUPERUSER, raising=False)
    with psycopg.connect(superuser, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS climber")
        admin.execute("CREATE ROLE climber LOGIN BYPASSRLS")
    with pytest.raises(UnfitRole, match="BYPASSRLS"):
        _connection(_url("climber")).ensure_connection()


def test_the_suite_itself_runs_as_a_role_that_the_wall_holds_for(db: None) -> None:
    """Otherwise the whole PostgreSQL pass would prove nothing about the second wall."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)


@pytest.mark.process
def test_a_dump_is_refused_rather_than_empty_and_the_documented_one_is_whole(db: None) -> None:
    """Row-level security must not make backups silently empty (docs/admin.md names the options)."""
    programs, here = find_postgres(), connection.settings_dict
    assert programs
    command = [str(programs / "pg_dump"), "-h", str(here["HOST"]), "-p", str(here["PORT"]), "-U", str(here["USER"]), str(here["NAME"])]
    plain = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert plain.returncode and "row-level security" in plain.stderr
    given = os.environ | {"PGOPTIONS": "-c rapport.unscoped=yes"}
    whole = subprocess.run([*command, "--enable-row-security"], env=given, capture_output=True, text=True, timeout=60)
    assert whole.returncode == 0 and whole.stdout.count("CREATE POLICY") >= 20


@pytest.mark.process
def test_the_service_does_not_start_as_a_superuser(superuser: str, rapport: Callable[..., RunningRapport]) -> None:
    """One sentence, with the statement that mends it, and an exit code."""
    one = rapport(wait=False, environment={"DATABASE_URL": superuser})
    assert one.process.wait(60) == 1
    assert "The PostgreSQL role “postgres” of DATABASE_URL is a superuser" in one.output
    assert "NOSUPERUSER NOBYPASSRLS" in one.output and "Traceback" not in one.output


@pytest.mark.process
@pytest.mark.parametrize("command", ["work", "migrate", "doctor"])
def test_commands_refuse_it_too(superuser: str, command: str, tmp_path: Path) -> None:
    """The job runner and the commands reach the same rows."""
    code, said = _said(command, DATABASE_URL=superuser, RAPPORT_DATA=str(tmp_path))
    assert code == 1 and "is a superuser" in said and "Traceback" not in said


@pytest.mark.process
def test_on_ones_own_machine_it_may_be_allowed_and_doctor_says_so(superuser: str, tmp_path: Path) -> None:
    """Allowed, not forgotten."""
    _code, said = _said("doctor", DATABASE_URL=superuser, RAPPORT_DATA=str(tmp_path), RAPPORT_ALLOW_SUPERUSER="1")
    assert "steps over row-level security" in said and "is a superuser" not in said
