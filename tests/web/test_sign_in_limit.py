"""Guessing gets nowhere, whatever headers say, and never keeps the right person out."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from rapport.kernel.access.models import Account
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of, network_of
from rapport.surfaces.web.models import SignInTries
from rapport.surfaces.web.signing_in import pages
from tests.cast import PASSWORD, Cast


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were really looked at."""
    seen: list[str] = []
    real = pages.authenticate
    monkeypatch.setattr(pages, "authenticate", lambda request, **given: seen.append(given["password"]) or real(request, **given))
    return seen


def test_a_thousand_guesses_with_changing_headers_get_a_handful_of_tries(
    cast: Cast, checked: list[str], record_property: pytest.RecordProperty
) -> None:
    """The header names a thousand addresses; the connection is one. Afterwards the owner still gets in."""
    browser = Client()
    browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})  # Ana's own browser, known from before
    browser.post("/sign-out/")
    checked.clear()
    guesser = Client()
    for at in range(1000):
        guesser.post(
            "/sign-in/", {"email": cast.ana.email, "password": f"guess {at}"},
            headers={"x-forwarded-for": f"10.{at // 256}.{at % 256}.7", "forwarded": f"for=10.0.0.{at % 250}"},
        )  # fmt: skip
    assert len(checked) <= 12, f"{len(checked)} real tries"
    record_property("measured", f"1,000 guesses with changing X-Forwarded-For: {len(checked)} real tries")
    assert browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 302, "no waiting"
    SignInTries.objects.update(last_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=61))
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 302


def test_many_addresses_guess_no_faster(cast: Cast, checked: list[str]) -> None:
    """A thousand real addresses at one account share its count; Ana's known browser is not held up by them."""
    browser = Client()
    browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD})
    browser.post("/sign-out/")
    checked.clear()
    for at in range(1000):
        Client(REMOTE_ADDR=f"10.{at // 256}.{at % 256}.7").post("/sign-in/", {"email": cast.ana.email, "password": "x"})
    assert len(checked) <= 27
    assert browser.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 302
    foreign = Client()
    foreign.cookies["device"] = "made-up"
    assert "Too many" in foreign.post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).content.decode()


def test_known_browser_is_known_for_its_own_account_only(cast: Cast, checked: list[str]) -> None:
    """Signing in as oneself does not buy free guesses at somebody else."""
    client = Client()
    client.post("/sign-in/", {"email": cast.ben.email, "password": PASSWORD})
    checked.clear()
    for at in range(100):
        client.post("/sign-in/", {"email": cast.ana.email, "password": f"{at}"})
    assert len(checked) <= 8


def test_unknown_address_costs_the_same_work(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash is computed for an address nobody has, as for a wrong password, and the page reads alike."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, password, salt: hashed.append(password) or real(self, password, salt))
    Account.objects.filter(pk=cast.cem.account_id).update(is_active=False)
    for email in (cast.ana.email, "nobody@example.com", cast.cem.email):
        hashed.clear()
        answer = Client().post("/sign-in/", {"email": email, "password": "wrong wrong"})
        assert len(hashed) == 1, email
        assert "do not fit together" in answer.content.decode()


@pytest.mark.parametrize(("proxies", "header", "expected"), [
    (0, "1.1.1.1, 2.2.2.2", "9.9.9.9"), (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"), (2, "1.1.1.1, 2.2.2.2, 3.3.3.3", "2.2.2.2"),
    (2, "3.3.3.3", "9.9.9.9"), (1, "rubbish", "9.9.9.9"), (1, "", "9.9.9.9"), (1, "evil, 2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
])  # fmt: skip
def test_forwarded_addresses_count_from_the_right(settings: Any, proxies: int, header: str, expected: str) -> None:
    """Only as many as the operator's own proxies wrote."""
    settings.TRUSTED_PROXIES = proxies
    assert address_of(RequestFactory().get("/", REMOTE_ADDR="9.9.9.9", headers={"x-forwarded-for": header})) == expected


def test_whoever_has_a_whole_ipv6_network_counts_as_one() -> None:
    """A /64 is one line of one customer; an IPv4 address in IPv6 dress is that address."""
    at = lambda address: network_of(RequestFactory().get("/", REMOTE_ADDR=address))  # noqa: E731
    assert at("2001:db8:1:2::1") == at("2001:db8:1:2:ffff:ffff:ffff:ffff") == "2001:db8:1:2::/64"
    assert at("2001:db8:1:3::1") != at("2001:db8:1:2::1")
    assert at("::ffff:10.0.0.1") == at("10.0.0.1") == "10.0.0.1"


def test_guesses_at_the_same_moment_do_not_slip_through(committed_cast: Cast) -> None:
    """Counted before they are made: of 40 at once, five go through."""
    email = committed_cast.ana.email

    def turn(_at: int) -> int:
        try:
            return sign_in_limit.take_turn(RequestFactory().post("/sign-in/", REMOTE_ADDR="10.1.1.1"), email)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(turn, range(40)))
    assert waits.count(0) <= 7
