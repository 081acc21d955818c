"""Signing in: one sentence for every failure, waits instead of locks, no open redirects."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from rapport.kernel.access.models import Account, User
from rapport.surfaces.web.models import SignInTries
from tests.cast import PASSWORD, Cast


def test_right_password_leads_to_where_one_wanted_to_go(cast: Cast) -> None:
    """Case of the address does not matter."""
    response = Client().post("/sign-in/", {"email": cast.ana.email.upper(), "password": PASSWORD, "next": "/customer/"})
    assert response.status_code == 302 and response.headers["Location"] == "/customer/"


def test_wrong_password_and_unknown_address_read_alike(cast: Cast) -> None:
    """Nobody learns which addresses exist here; what was typed stays, the password does not."""
    answers = []
    for email in (cast.ana.email, "nobody@example.com"):
        response = Client().post("/sign-in/", {"email": email, "password": "wrong password here"})
        assert response.status_code == 422
        html = response.content.decode()
        assert email in html and "wrong password here" not in html
        answers.append("do not fit together" in html)
    assert answers == [True, True]


def test_foreign_address_is_no_place_to_go(cast: Cast) -> None:
    """An open redirect would make our sign-in page a tool for phishing."""
    for bad in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
        response = Client().post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD, "next": bad})
        assert response.headers["Location"] == "/"


def test_account_without_a_user_or_switched_off_stays_out(cast: Cast) -> None:
    """No user, no way in; the sentence is the same."""
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert Client().post("/sign-in/", {"email": cast.ben.email, "password": PASSWORD}).status_code == 422
    Account.objects.filter(pk=cast.cem.account_id).update(is_active=False)
    assert Client().post("/sign-in/", {"email": cast.cem.email, "password": PASSWORD}).status_code == 422


def test_guessing_gets_slower_but_nobody_is_locked_out(cast: Cast) -> None:
    """After five failures one waits; after the wait the right password works."""
    client = Client()
    for _try in range(6):
        client.post("/sign-in/", {"email": cast.ana.email, "password": "wrong"})
    held = client.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    assert held.status_code == 422 and "Too many tries" in held.content.decode()
    SignInTries.objects.update(last_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=61))
    assert client.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 302
    assert SignInTries.objects.count() <= 1  # only the count of the address stays


def test_forwarded_header_does_not_make_a_new_guesser(cast: Cast) -> None:
    """The address is the one of the connection, whatever a header claims."""
    client = Client()
    for at in range(6):
        client.post(
            "/sign-in/", {"email": cast.ana.email, "password": "wrong"}, headers={"X-Forwarded-For": f"10.0.0.{at}"}
        )
    held = client.post(
        "/sign-in/", {"email": cast.ana.email, "password": PASSWORD}, headers={"X-Forwarded-For": "10.9.9.9"}
    )
    assert "Too many tries" in held.content.decode()


def test_tries_name_nobody(cast: Cast) -> None:
    """The table of failures holds hashes, not addresses."""
    Client().post("/sign-in/", {"email": cast.ana.email, "password": "wrong"})
    assert SignInTries.objects.count() == 3
    assert not SignInTries.objects.filter(name__contains="@").exists()


def test_sign_out_ends_the_session_by_post_only(cast: Cast) -> None:
    """A picture on another page cannot sign anybody out."""
    client = cast.client("ana")
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.get("/").status_code == 302


def test_workspace_of_the_session_must_still_be_ones_own(cast: Cast) -> None:
    """A session that names a foreign workspace falls back to one's own."""
    client = cast.client("ana")
    client.get("/")
    session = client.session
    session["workspace"] = str(cast.away.pk)
    session.save()
    assert "Fernhill" in client.get("/").content.decode()
