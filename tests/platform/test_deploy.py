"""The https configuration: Django's own deployment checks are clean, cookies and headers are what browsers trust most."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from rapport.surfaces.web.middleware import LARGEST_BODY
from tests.cast import Cast
from tests.platform.servers import RunningRapport

ROOT = Path(__file__).resolve().parent.parent.parent


def _run(code: str, folder: Path, base_url: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAPPORT_", "DJANGO_", "DATABASE_URL"))}
    given = {"RAPPORT_DATA": str(folder), "RAPPORT_BASE_URL": base_url, "DJANGO_SETTINGS_MODULE": "rapport.project.settings"}
    command = [sys.executable, *code.split(" ")] if not code.startswith("import") else [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=kept | given, capture_output=True, text=True, timeout=60)


@pytest.mark.once
@pytest.mark.process
def test_django_finds_nothing_to_say_against_the_https_configuration(tmp_path: Path) -> None:
    """`check --deploy` on a fresh installation behind https."""
    answer = _run("-m django check --deploy --fail-level WARNING", tmp_path, "https://crm.example.com")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "no issues" in answer.stdout


@pytest.mark.once
@pytest.mark.process
def test_it_would_find_something_without_https(tmp_path: Path) -> None:
    """The check above can fail; and without https no cookie is lost and nobody is locked to https."""
    assert _run("-m django check --deploy --fail-level WARNING", tmp_path, "http://localhost:8000").returncode != 0
    code = "import django; from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_NAME)"
    assert _run(code, tmp_path, "http://localhost:8000").stdout.split() == ["0", "False", "False", "sessionid"]


@pytest.mark.once
@pytest.mark.process
def test_behind_https_cookies_are_bound_to_the_host(rapport: Callable[..., RunningRapport]) -> None:
    """`__Host-` cookies, Secure and HttpOnly, HSTS, and a redirect for whoever comes without TLS; health stays reachable."""
    one = rapport(environment={"RAPPORT_BASE_URL": "https://crm.example.com"})
    assert _ask(one, "/livez")[0] == 200
    status, head = _ask(one, "/sign-in/")
    assert status == 301 and head["Location"].startswith("https://crm.example.com/")
    status, head = _ask(one, "/sign-in/", {"X-Forwarded-Proto": "https"})
    assert status == 200 and "max-age=31536000" in head["Strict-Transport-Security"]
    cookie = head["Set-Cookie"]
    assert cookie.startswith("__Host-") and "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
    assert _ask(one, "/sign-in/", {"X-Forwarded-Proto": "https", "Host": "evil.example"})[0] == 400


def _ask(one: RunningRapport, path: str, headers: dict[str, str] | None = None) -> tuple[int, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=20)
    try:
        host = {"Host": "crm.example.com"} if path not in ("/livez", "/readyz") else {"Host": "localhost"}
        connection.request("GET", path, headers=host | (headers or {}))
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/customer/", "/sign-in/", "/no/such/page/", "/livez", "/api/v1/"])
def test_every_answer_carries_the_safe_headers(cast: Cast, path: str) -> None:
    """Pages, refusals, health and the API alike."""
    for client in (cast.client("ana"), Client()):
        head = client.get(path).headers
        policy = head["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "eval" not in policy
        for part in ("connect-src 'self'", "frame-src 'self'", "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'"):
            assert part in policy
        assert head["X-Content-Type-Options"] == "nosniff" and head["X-Frame-Options"] == "DENY"
        assert head["Referrer-Policy"] == "same-origin"
        assert head["Cross-Origin-Opener-Policy"] == head["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in head["Permissions-Policy"] and "usb=()" in head["Permissions-Policy"]


def test_a_body_nothing_could_need_is_refused_unread(cast: Cast) -> None:
    """By its announced length, before any of it is kept."""
    for length in (str(LARGEST_BODY + 1), "9" * 20, "-1", "x"):
        answer = cast.client("ana").generic("POST", "/file/", b"x", CONTENT_LENGTH=length)
        assert answer.status_code == 413 and answer.headers["X-Content-Type-Options"] == "nosniff"
