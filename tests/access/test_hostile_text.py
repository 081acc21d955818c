"""Whatever people type stays text: on every page that shows it, in every part, toast, file and board."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from rapport.kernel.errors import Invalid
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import has_values
from tests.access.addresses import pointing_at
from tests.access.html_checks import nonce_of, read
from tests.access.masks import text_of
from tests.access.payloads import ADDRESSES, MARK, XSS
from tests.access.people import undone
from tests.cast import Cast, first_stage_id
from tests.factory import values_for

_TEXTS = ("text", "longtext", "markdown", "tags")
_REACHES = ("web", "email", "phone", "one_email", "address")
#: The types of daily work: between them they use every kind of text, every page shape, and the board.
TYPES = [
    info.key
    for info in registry.all()
    if info.declared.menu and info.declared.menu[0] != "settings" and any(f.kind.key in _TEXTS for f in info.fields.values())
]

#: Pages look the same on both databases.
pytestmark = pytest.mark.once


def _hostile(cast: Cast, info: TypeInfo, payload: str, **given: object) -> Record | None:
    """A record with the payload in every field that takes it; None when the type itself refuses."""
    ctx = cast.system
    fields = [f for f in info.fields.values() if f.settable(creating=True) and f.kind.key in (*_TEXTS, *_REACHES)]
    if info.declared.board and not has_values(info):
        given[info.declared.board.by] = first_stage_id()
    base = values_for(ctx, info, **given)
    kept = {}
    for f in fields:
        value: object = [payload] if f.kind.key == "tags" else [{"street": payload, "city": payload, "country": "IE"}] if f.kind.key == "address" else payload
        most = getattr(f.kind, "max_length", None)
        try:
            f.kind.clean(value[:most] if isinstance(value, str) and most else value, ctx.cleaning())
        except Invalid:
            continue
        kept[f.key] = value[:most] if isinstance(value, str) and most else value
    if info.key == "custom_field":
        kept = {"label": kept["label"]} if "label" in kept else {}
    if info.key == "stage":
        kept.pop("needed", None)
    try:
        with undone_on_error():
            return ctx.create(info.key, **{**base, **kept, **given})
    except Invalid:
        return None


def undone_on_error() -> object:
    """A savepoint."""
    from django.db import transaction

    return transaction.atomic()


def _check(client: Client, address: str, headers: dict[str, str] | None = None) -> set[tuple[str, str]]:
    answer = client.get(address, headers=headers or {})
    assert answer.status_code < 500, address
    if "html" not in answer.headers.get("Content-Type", ""):
        assert answer.headers["Content-Type"].partition(";")[0] in ("application/json", "text/csv", "application/octet-stream"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return set()
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe" not in policy and "object-src 'none'" in policy and "base-uri 'none'" in policy
    page = read(text_of(answer), nonce_of(policy))
    assert not page.wrong, f"{address}: {page.wrong[:3]}"
    return page.shape


@pytest.mark.parametrize("type_key", TYPES)
@pytest.mark.slow
def test_text_stays_text_on_every_page(cast: Cast, type_key: str, record_property: pytest.RecordProperty) -> None:
    """Every payload in every text field of the type: no element, attribute, script or script address comes of it."""
    info, client = registry.get(type_key), cast.client("ana")
    client.get("/")
    made = [record for payload in XSS for record in [_hostile(cast, info, payload)] if record is not None]
    assert len(made) > len(XSS) // 3
    addresses = set(_type_pages(info))
    # Lists show every payload at once; of the records' own pages a spread, a different one for each type.
    some = made[:: 6 if type_key in ("customer", "deal") else 15]
    for record in some:
        addresses |= set(_record_pages(info, record)[: 3 if len(some) > 15 else 9])
    for address in sorted(addresses):
        _check(client, address)
        if address.endswith(("board", "tabs", "bell", "edit")):
            _check(client, address, {"HX-Request": "true"})
    record_property("measured", f"{len(made)} hostile records of {type_key} on {len(addresses)} pages")


def _type_pages(info: TypeInfo) -> Iterator[str]:
    yield from (f"{info.url}{part}" for part in ("", "?filter=", "rows?filter=", "tabs", "totals", "filter"))
    yield f"{info.url}?columns={','.join(info.fields)}&filter="
    yield f"{info.url}rows?columns={','.join(list(info.fields)[-6:])}&filter=&sort="
    yield from (f"/search?q={MARK}", f"/lookup/{info.key}?q=&only=", f"/duplicates/{info.key}?{info.declared.title}={MARK}", "/", "/bell")
    if info.declared.board and not has_values(info):
        yield from (f"{info.url}board", f"{info.url}board/column/{first_stage_id()}")
    for other in registry.all():
        if other.declared.menu and any(f.to == info.key for f in other.fields.values()):
            yield f"{other.url}new"


def _record_pages(info: TypeInfo, record: Record) -> list[str]:
    from rapport.kernel.actions.registry import actions_of

    one = info.record_url(record.pk)
    fields = [f"{one}/field/{f.key}" for f in info.fields.values() if f.kind.key in (*_TEXTS, *_REACHES)]
    return [
        one, f"{one}/edit", f"{one}/history", f"{one}/timeline", *[f"{one}/do/{key}" for key in actions_of(info.key)],
        *[f"{one}/add/{other}" for other in pointing_at(info)[:1]], *fields[:4],
    ]  # fmt: skip


@pytest.mark.slow
def test_addresses_never_run_anything(cast: Cast) -> None:
    """Web, e-mail, phone and postal addresses: refused, or shown as a link that only opens, calls or writes."""
    client = cast.client("ana")
    for type_key in ("customer", "lead", "user"):
        info = registry.get(type_key)
        for payload in [*ADDRESSES, *XSS[:12]]:
            record = _hostile(cast, info, payload)
            if record is None:
                record = _hostile(cast, info, "harmless")
            assert record is not None
            for address in (info.record_url(record.pk), f"{info.record_url(record.pk)}/edit"):
                _check(client, address)
        _check(client, f"{info.url}?filter=&columns={','.join(info.fields)}")


@pytest.mark.parametrize("parameter", ["filter", "q", "sort", "columns", "view", "cursor", "only", "within", "next", "back", "title", "name", "field", "op"])
@pytest.mark.slow
def test_what_the_address_says_stays_text(cast: Cast, parameter: str) -> None:
    """Parameters come back in pages and sentences; they stay text too."""
    client = cast.client("ana")
    record = cast.system.create("customer", name="Plain", owner=cast.ana.pk)
    from urllib.parse import quote

    for payload in XSS[:30]:
        for page in ("/customer/", "/search", "/customer/new", "/deal/board", "/quick-add", f"/customer/{record.pk}/timeline", "/customer/filter", "/sign-in/"):
            who = Client() if page == "/sign-in/" else client
            address = f"{page}?{parameter}={quote(payload)}"
            answer = who.get(address)
            assert answer.status_code < 500, address
            page_read = read(text_of(answer), nonce_of(answer.headers["Content-Security-Policy"]))
            assert not page_read.wrong, f"{address}: {page_read.wrong[:2]}"


@pytest.mark.slow
def test_toasts_and_refused_forms_stay_text(cast: Cast) -> None:
    """The title in a toast, and what was typed into a form that comes back."""
    client = cast.client("ana")
    for payload in XSS:
        with undone(cast):
            answer = client.post("/customer/new", {"name": payload, "kind": "company", "stage": "prospect", "fields_shown": "name,kind,stage"}, follow=True)
            page = read(text_of(answer), nonce_of(answer.headers["Content-Security-Policy"]))
            assert answer.status_code < 500 and not page.wrong, (payload, page.wrong[:2])
            bad = client.post("/customer/new", {"name": payload, "employees": payload, "website": payload, "emails": payload, "phones": payload})
            page = read(text_of(bad), nonce_of(bad.headers["Content-Security-Policy"]))
            assert bad.status_code < 500 and not page.wrong, (payload, page.wrong[:2])
            part = client.post("/customer/new", {"name": payload}, headers={"HX-Request": "true"})
            assert all(ch not in str(part.headers.get("HX-Trigger", "")) for ch in "\r\n") and part.status_code < 500


def test_the_reader_of_pages_sees_what_is_wrong() -> None:
    """The check itself can fail."""
    for bad in (f"<script>{MARK}</script>", f'<a href="javascript:{MARK}">', f"<img onerror={MARK}>", f"<{MARK}>", '<a href="//x.example">', f"<div {MARK}>"):
        assert read(f"<html>{bad}</html>").wrong, bad
    assert not read('<a href="/customer/" title="xss7391">xss7391 &lt;script&gt;</a>').wrong
    assert re.search(MARK, XSS[0])
