"""Strangers meet a short known list of pages and nothing else; looking never writes."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.test import Client

from rapport.kernel.access.models import ApiToken
from rapport.kernel.access.tokens import create_setup_secret
from rapport.kernel.records.registry import registry
from tests.access.addresses import REVIEWED, filled, routes
from tests.access.masks import database_hash, text_of
from tests.access.people import full_record, owned_by
from tests.cast import Cast, program

ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PUBLIC = {
    "livez", "readyz", "setup/<str:secret>", "sign-in/", "sign-in/ways", "sign-in/code", "sign-in/passkey",
    "sign-in/passkey/options", "sign-in/forgot", "sign-in/reset/<str:uid>/<str:token>", "sign-in/invitation/<str:secret>",
    "sign-in/link/<str:secret>", "sign-in/sso/<uuid:workspace_id>", "sign-in/sso/<uuid:workspace_id>/callback",
    "manifest.webmanifest", "sw.js", "offline",
    "calendar/feed/<str:secret>.ics",
    ".well-known/caldav", "dav/", "dav/<uuid:user_id>/", "dav/<uuid:user_id>/<slug:type_key>/",
    "dav/<uuid:user_id>/<slug:type_key>/<str:file>",
    "unsubscribe/<str:token>",
    "form/<str:key>", "form/<str:key>/sent", "form/<str:key>/frame", "form/<str:key>/frame/sent", "form/confirm/<str:token>",
    "book/<str:key>", "book/<str:key>/at", "booking/<str:token>", "booking/<str:token>/move",
    "chat/<str:key>.js", *(f"chat/<str:key>/{rest}" for rest in ("frame", "begin", "lines", "say", "end", "stream/<str:token>")),
    "rate/<str:token>", "rate/<str:token>/stop",
    *(f"portal/<str:site_slug>/{rest}" for rest in (
        "", "enter", "password", "link/<str:secret>", "leave", "account", "articles/", "articles/fitting", "articles/picture/<str:key>",
        "articles/<slug:language>/topic/<str:slug>", "articles/<slug:language>/<str:slug>", "<slug:section_key>/",
        "<slug:section_key>/do/<slug:deed_key>", "<slug:section_key>/<uuid:record_id>",
        "<slug:section_key>/<uuid:record_id>/do/<slug:deed_key>", "<slug:section_key>/<slug:page_key>",
        "<slug:section_key>/<uuid:record_id>/file/<uuid:file_id>",
    )),
    "robots.txt", "help/<str:site_slug>/", "help/<str:site_slug>/sitemap.xml",
    "help/<str:site_slug>/picture/<str:key>",
    *(f"help/<str:site_slug>/<slug:language>/{rest}" for rest in (
        "", "search", "suggest", "note", "topic/<str:slug>", "article/<str:slug>", "article/<str:slug>/vote", "article/<str:slug>/end",
    )),
}  # fmt: skip
_LINK = re.compile(r'(?:href|hx-get|data-url|data-href)="(/[^"]*)"')


def test_every_url_pattern_was_reviewed() -> None:
    """A new address fails the build until somebody says in addresses.py who may come there; an old one is taken out."""
    there = routes()
    assert len(there) == len(set(there))
    assert set(there) == set(REVIEWED), "tests/access/addresses.py: review these patterns"
    assert {route for route, one in REVIEWED.items() if one.is_public} == PUBLIC, "the public list changed"


@pytest.mark.slow
def test_strangers_are_sent_to_sign_in(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Without a session every page leads to the sign-in page, every API address answers 401, and nothing is written."""
    records = {info.key: owned_by(cast, "ben", info) for info in list(registry.shipped().values())}
    before, cells = database_hash(), 0
    for route in routes():
        if REVIEWED[route].is_public:
            continue
        for info in list(registry.shipped().values()) if REVIEWED[route].about != "page" else list(registry.shipped().values())[:1]:
            for address in filled(route, info, records[info.key].pk):
                for method in ALL_METHODS if info.key == "customer" else ("GET", "POST"):
                    cells += 2
                    _is_refused(program().generic(method, address), address, method)
                    part = program().generic(method, address, headers={"HX-Request": "true", "HX-Current-URL": address})
                    if address.startswith("/api/"):
                        assert part.status_code == 401
                    else:
                        assert part.status_code == 204 and part.headers["HX-Redirect"].startswith("/sign-in/")
    assert database_hash() == before
    record_property("measured", f"{cells} requests of strangers refused over {len(routes())} URL patterns")


def _is_refused(answer: object, address: str, method: str) -> None:
    where = f"{method} {address}: {answer.status_code}"  # type: ignore[attr-defined]
    if address.startswith("/api/"):
        assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers, where  # type: ignore[attr-defined]
    else:
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/"), where  # type: ignore[attr-defined]
        assert not answer.content, where  # type: ignore[attr-defined]


def test_public_pages_tell_strangers_nothing(cast: Cast) -> None:
    """No name of a workspace, a person or a record, whatever the secret of the link is."""
    owned_by(cast, "ben", registry.get("customer"), name="Zanzibar7391")
    for address in ("/livez", "/readyz", "/sign-in/", "/setup/wrong", f"/setup/{create_setup_secret()}", "/static/", "/nothing"):
        answer = Client().get(address)
        text = text_of(answer) + str(answer.headers)
        for hidden in ("Fernhill", "Elsewhere", "Ana Silva", "Zanzibar7391", cast.ana.email):
            assert hidden not in text, address
    assert Client().post("/setup/wrong", {"workspace": "Mine"}).status_code == 404


@pytest.mark.slow
def test_only_a_living_token_opens_the_api(cast: Cast) -> None:
    """Missing, wrong, cut, expired and revoked tokens, other schemes and session cookies all meet the same door."""
    living = cast.token("ben")
    expired, revoked = cast.token("ben"), cast.token("ben")
    now = dt.datetime.now(dt.UTC)
    from rapport.kernel.access.tokens import digest_of

    ApiToken.objects.filter(digest=digest_of(expired)).update(expires_at=now - dt.timedelta(seconds=1))
    ApiToken.objects.filter(digest=digest_of(revoked)).update(revoked_at=now)
    bad = ["", "Bearer", "Bearer ", f"Bearer {expired}", f"Bearer {revoked}", f"Bearer {living[:-1]}", f"Bearer {living}x",
           f"Basic {living}", f"Token {living}", living, "Bearer " + "x" * 5000, "Bearer \u00e4", "Bearer %00",
           f"Bearer {digest_of(living)}", f"Bearer {cast.ben.pk}"]  # fmt: skip
    addresses = [a for r in routes() if r.startswith("api/") for a in filled(r, registry.get("customer"), uuid4())]
    ana = cast.client("ana")
    for header in bad:
        for address in addresses:
            assert program().get(address, headers={"authorization": header}).status_code == 401, (header, address)
    for address in addresses:
        assert ana.get(address).status_code == 401, f"a session cookie opened {address}"
        assert program().get(f"{address}?token={living}").status_code == 401
        assert program().get(address, headers={"authorization": f"Bearer {living}"}).status_code != 401
    assert Client(headers={"authorization": f"Bearer {living}"}).get("/customer/").status_code == 302, "tokens open no pages"


@pytest.mark.slow
def test_looking_never_writes(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Every GET of every pattern, type, action and link on these pages as the owner: not one byte in any table changes."""
    client, api = cast.client("ana"), cast.api("ana")
    client.get("/")
    types = list(registry.shipped().values())  # one of the records made here defines a further one
    records = {info.key: full_record(cast, "ben", info) for info in types}
    stage = records["stage"].pk
    first = [
        address
        for route in routes()
        if "GET" in REVIEWED[route].methods
        for info in (types if REVIEWED[route].about != "page" else types[:1])
        for address in filled(route, info, records[info.key].pk, column_id=stage, key=list(info.fields))
    ]
    before, seen, waiting = database_hash(), set(), list(first)
    while waiting and len(seen) < 650:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        who = api if address.startswith("/api/") else client
        answer = who.get(address)
        assert answer.status_code < 500, address
        body = text_of(answer)
        if who is client and answer.status_code == 200:
            waiting += [link.replace("&amp;", "&") for link in _LINK.findall(body) if not link.startswith("/static/")]
            if len(seen) % 4 == 0:
                assert client.get(address, headers={"HX-Request": "true"}).status_code < 500, address
    after = database_hash()
    assert {k for k in after if after[k] != before.get(k)} == set()
    record_property("measured", f"{len(seen)} addresses looked at, no table changed")


#: For now on SQLite only: the gate itself is tested on both databases (tests/test_batteries.py); issue 3 widens these.
pytestmark = pytest.mark.once
