"""The security page: password, code app, recovery codes, sessions; every change asks for a fresh proof."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.test import Client

from rapport.kernel.access import events
from rapport.kernel.access.models import Account
from rapport.surfaces.web.models import SignedInSession, SignInTries
from tests.cast import PASSWORD, Cast

NEW = "another long sentence 7"


def signed_in(email: str, agent: str = "Mozilla/5.0 (X11; Linux) Firefox/140") -> Client:
    """A browser that came through the sign-in page."""
    client = Client(headers={"user-agent": agent})
    assert client.post("/sign-in/", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def code(secret: str, step: int = 1) -> str:
    """What an app shows next: the step after the one used for setting up, and still right when half a minute passes."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def add_app(client: Client) -> tuple[str, list[str]]:
    """Set the code app up; returns its key and the recovery codes."""
    html = client.get("/settings/security/app").content.decode()
    secret = re.search(r'id="totp-key">([A-Z2-7 ]+)<', html)[1].replace(" ", "")  # type: ignore[index]
    made = client.post("/settings/security/app", {"code": code(secret, 0)})
    assert made.status_code == 200, made.content.decode()
    return secret, re.findall(r"<code>(\d+)</code>", made.content.decode())


def test_session_key_is_new_at_sign_in(cast: Cast) -> None:
    """A key that somebody planted before opens nothing afterwards."""
    client = Client()
    client.get("/sign-in/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies["sessionid"] = session.session_key
    client.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    assert client.session.session_key != session.session_key
    assert not Session.objects.filter(pk=session.session_key).exists()


def test_password_change_needs_the_present_one_and_ends_other_sessions(cast: Cast) -> None:
    """Who only found an open browser cannot take the account; who knows the password throws everybody else out."""
    client, other = signed_in(cast.ana.email), signed_in(cast.ana.email)
    wrong = client.post("/settings/security/password", {"present": "guess", "password": NEW})
    assert wrong.status_code == 422 and "not your present password" in wrong.content.decode()
    weak = client.post("/settings/security/password", {"present": PASSWORD, "password": "short"})
    assert weak.status_code == 422 and "10 characters" in weak.content.decode()
    assert client.post("/settings/security/password", {"present": PASSWORD, "password": NEW}).status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": NEW}).status_code == 302
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 422


def test_code_app_is_asked_for_after_the_password(cast: Cast) -> None:
    """Setting up shows key and picture without inline style; then the password alone opens nothing."""
    client = signed_in(cast.ana.email)
    html = client.get("/settings/security/app").content.decode()
    assert '<svg class="qr"' in html and "style=" not in html
    secret, codes = add_app(client)
    assert len(codes) == 10 and len(set(codes)) == 10
    assert secret not in Authenticator.objects.get(type="totp").data["secret"]  # sealed in the database
    browser = Client()
    first = browser.post("/sign-in/?next=/customer/", {"email": cast.ana.email, "password": PASSWORD})
    assert first.headers["Location"] == "/sign-in/code"
    assert browser.get("/").status_code == 302
    assert browser.post("/sign-in/code", {"code": "000000"}).status_code == 422
    right = browser.post("/sign-in/code", {"code": code(secret)})
    assert right.status_code == 302 and right.headers["Location"] == "/customer/"
    assert browser.get("/").status_code == 200


def test_a_code_works_once(cast: Cast) -> None:
    """Somebody who looked over the shoulder comes too late, also within the same half minute."""
    secret, _codes = add_app(signed_in(cast.ana.email))
    shown = code(secret)
    for expected in (302, 422):
        browser = Client()
        browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
        assert browser.post("/sign-in/code", {"code": shown}).status_code == expected


def test_recovery_codes_work_once_each_and_are_shown_once(cast: Cast) -> None:
    """Ten ways in for the day the device is lost; making new ones ends the old."""
    client = signed_in(cast.ana.email)
    _secret, codes = add_app(client)
    assert codes[0] not in client.get("/settings/security").content.decode()
    for expected in (302, 422):
        browser = Client()
        browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
        assert browser.post("/sign-in/code", {"code": codes[0]}).status_code == expected
    SignInTries.objects.all().delete()
    assert "9 codes left" in client.get("/settings/security").content.decode()
    fresh = re.findall(r"<code>(\d+)</code>", client.post("/settings/security/codes").content.decode())
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    browser = Client()
    browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    assert browser.post("/sign-in/code", {"code": codes[1]}).status_code == 422
    assert browser.post("/sign-in/code", {"code": fresh[1]}).status_code == 302


def test_second_step_needs_the_first(cast: Cast) -> None:
    """A right code without the password leads back to the beginning; a changed password ends the waiting."""
    secret, _codes = add_app(signed_in(cast.ana.email))
    assert Client().post("/sign-in/code", {"code": code(secret)}).headers["Location"] == "/sign-in/"
    browser = Client()
    browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    account = Account.objects.get(pk=cast.ana.account_id)
    account.set_password(NEW)
    account.save()
    assert browser.post("/sign-in/code", {"code": code(secret)}).headers["Location"] == "/sign-in/"


def test_guessing_codes_gets_slow(cast: Cast) -> None:
    """A million codes are not many; after five the next has to wait, longer and longer."""
    add_app(signed_in(cast.ana.email))
    browser = Client()
    browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    answers = [browser.post("/sign-in/code", {"code": f"{at:06}"}).content.decode() for at in range(30)]
    assert sum("not right" in one for one in answers) <= 7 and "Too many tries" in answers[-1]


@pytest.mark.parametrize("address", [
    "/settings/security/app/remove", "/settings/security/codes", "/settings/security/passkeys/options",
    "/settings/security/passkeys/add", "/settings/security/passkeys/1/remove", "/settings/security/app",
])  # fmt: skip
def test_changing_factors_needs_a_fresh_proof(cast: Cast, address: str) -> None:
    """An open browser alone changes nothing: the confirming page comes first."""
    client = signed_in(cast.ana.email)
    add_app(client)
    session = client.session
    session["fresh_at"] = int(time.time()) - 601
    session.save()
    answer = client.post(address)
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/settings/security/confirm")
    assert Authenticator.objects.filter(type="totp").exists()
    assert client.post("/settings/security/confirm", {"password": "guess"}).status_code == 422
    passed = client.post("/settings/security/confirm", {"password": PASSWORD, "next": "/settings/security/app"})
    assert passed.status_code == 302 and passed.headers["Location"] == "/settings/security/app"
    assert not client.post(address).headers.get("Location", "").startswith("/settings/security/confirm")


def test_removing_the_last_factor_removes_the_codes(cast: Cast) -> None:
    """Without a second step the password alone opens again, and no code lies about."""
    client = signed_in(cast.ana.email)
    add_app(client)
    client.post("/settings/security/app/remove")
    assert not Authenticator.objects.exists()
    signed_in(cast.ana.email)


def test_sessions_are_listed_and_ended(cast: Cast) -> None:
    """Which browser, from where, when; one can be ended, or all others; nobody ends another person's."""
    client = signed_in(cast.ana.email)
    phone = signed_in(cast.ana.email, "Mozilla/5.0 (Linux; Android 16) Chrome/150 Mobile")
    laptop = signed_in(cast.ana.email, "Mozilla/5.0 (Windows NT 10.0) Edg/150")
    html = client.get("/settings/security").content.decode()
    for text in ("Firefox, Linux", "Chrome, Android", "Edge, Windows", "127.0.0.1", "This browser"):
        assert text in html
    row = SignedInSession.objects.get(browser="Chrome, Android")
    assert cast.client("ben").post(f"/settings/security/sessions/{row.pk}/end").status_code == 404
    assert phone.get("/").status_code == 200
    client.post(f"/settings/security/sessions/{row.pk}/end")
    assert phone.get("/").status_code == 302 and laptop.get("/").status_code == 200
    client.post("/settings/security/sessions/end-others")
    assert laptop.get("/").status_code == 302 and client.get("/").status_code == 200
    assert "Edge" not in client.get("/settings/security").content.decode()


def test_everything_is_told_to_whoever_listens(cast: Cast, monkeypatch: Any) -> None:
    """The events carry ids and no secrets."""
    seen: list[events.Event] = []
    monkeypatch.setattr(events, "listeners", [seen.append])
    Client().post("/sign-in/", {"email": cast.ana.email, "password": "wrong one"})
    client = signed_in(cast.ana.email)
    secret, codes = add_app(client)
    client.post("/settings/security/password", {"present": PASSWORD, "password": NEW})
    client.post("/settings/security/app/remove")
    client.post("/sign-out/")
    assert [one.kind for one in seen] == [
        "sign_in_failed", "signed_in", "second_factor_added", "password_changed", "second_factor_removed", "signed_out",
    ]  # fmt: skip
    assert {one.account_id for one in seen} == {cast.ana.account_id}
    text = str(seen)
    assert not any(hidden in text for hidden in (PASSWORD, NEW, "wrong one", secret, codes[0]))


@pytest.mark.parametrize("path", [
    "/accounts/", "/accounts/login/", "/accounts/signup/", "/accounts/2fa/", "/accounts/password/reset/", "/accounts/email/",
    "/accounts/social/signup/", "/accounts/oidc/x/login/", "/_allauth/app/v1/config", "/accounts/login/code/",
])  # fmt: skip
def test_no_page_of_the_engine_is_reachable(cast: Cast, path: str) -> None:
    """allauth works below; its own pages, sign-up among them, are nowhere."""
    assert Client().get(path).headers["Location"].startswith("/sign-in/")
    for answer in (cast.client("ana").get(path), cast.client("ana").post(path, {"email": "x@example.com"})):
        assert answer.status_code in (404, 405)


def test_owner_link_is_written_down_also_in_a_quiet_log(cast: Cast, caplog: Any) -> None:
    """Warnings are what an operator sees by default; the address and the link are not in it."""
    events.note("owner_link_made", user=cast.ana, surface="cli")
    events.note("signed_in", user=cast.ana, method="password")
    warned = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len(warned) == 1 and "owner_link_made" in warned[0] and cast.ana.email not in warned[0]
