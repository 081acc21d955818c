"""What an operator can set, and what a fresh installation makes of nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rapport.project.data_folder import secret_keys
from rapport.project.databases import BadDatabaseUrl, database_settings

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent
SHOW = """
import json
from rapport.project import settings as s
names = "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE ALLOWED_HOSTS DEBUG IS_HTTPS SECRET_KEY".split()
print(json.dumps({name: getattr(s, name) for name in names} | {"hsts": getattr(s, "SECURE_HSTS_SECONDS", 0)}))
"""


def settings_with(folder: Path, **environment: str) -> dict[str, object]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RAPPORT_", "DATABASE_URL"))}
    answer = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=kept | {"RAPPORT_DATA": str(folder), **environment},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(answer.stdout)


def test_two_installations_have_two_keys_and_keep_them(tmp_path: Path) -> None:
    one, again, two = (settings_with(tmp_path / name) for name in ("one", "one", "two"))
    assert one["SECRET_KEY"] == again["SECRET_KEY"]
    assert one["SECRET_KEY"] != two["SECRET_KEY"]
    assert (tmp_path / "one" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_SECRET_KEY", raising=False)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_keys(tmp_path)[0], range(16)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.glob(".secret_key*")] == []


def test_an_https_address_makes_cookies_secure(tmp_path: Path) -> None:
    plain = settings_with(tmp_path)
    assert (plain["SESSION_COOKIE_SECURE"], plain["hsts"], plain["DEBUG"]) == (False, 0, False)
    safe = settings_with(tmp_path, RAPPORT_BASE_URL="https://crm.example.com/")
    assert safe["SESSION_COOKIE_SECURE"] is safe["CSRF_COOKIE_SECURE"] is True
    assert safe["hsts"]
    assert "crm.example.com" in safe["ALLOWED_HOSTS"]  # type: ignore[operator]


def test_a_database_address_is_read_part_by_part() -> None:
    found = database_settings("postgres://ana:p%40ss@db.example:6543/crm?sslmode=require", Path("/unused"))
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("ana", "p@ss", "db.example", "6543")
    assert (found["NAME"], found["OPTIONS"]) == ("crm", {"sslmode": "require"})
    assert found["DISABLE_SERVER_SIDE_CURSORS"] is True
    socket = database_settings("postgresql:///crm?host=/run/postgresql", Path("/unused"))
    assert (socket["HOST"], socket["NAME"], socket["PORT"]) == ("/run/postgresql", "crm", "")


@pytest.mark.parametrize("url", ["mysql://u:hidden@h/n", "postgres://u:hidden@h", "postgres://u:hidden@h:x/n"])
def test_a_bad_database_address_is_not_repeated(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as refusal:
        database_settings(url, Path("/unused"))
    assert "hidden" not in str(refusal.value)
