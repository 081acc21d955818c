"""What a field group hides is nowhere: not as value, sum, input, change, error text or file, on any page and the API.

Canaries: every guarded field of every type, and a custom field, holds a number or word that occurs nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from django.http import HttpResponse

from rapport.kernel.access import gate
from rapport.kernel.access.models import Role
from rapport.kernel.context import context_for
from rapport.kernel.custom.fields import forget_custom_fields
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import has_values
from tests.access.addresses import REVIEWED, filled, routes
from tests.access.masks import everything_of, masked
from tests.access.people import owned_by
from tests.cast import Cast, first_stage_id

#: Guarded fields of the registry, and one field a company added itself.
GUARDED = [(info.key, f.key, f.see) for info in registry.all() for f in info.fields.values() if f.see]
CUSTOM = ("customer", "c_secret", "customers.secret")
#: 987,654,321.12 in every clothing: digits with any separators, minor units, short forms, a tenth of it and so on.
NUMBER = re.compile(r"9[.,]?8[.,\s\u00a0\u202f]?7[.,\s\u00a0\u202f]?6[.,\s\u00a0\u202f]?5[.,\s\u00a0\u202f]?4|\b98[78](?:\.\d+)?\s?[MmB]\b|\b98\.[78]\d*\s?[Mm]\b")
WORD = re.compile("zanzibar7391", re.IGNORECASE)
_TOKENS = re.compile(r'nonce="[^"]*"|nonce-[\w-]+|name="csrfmiddlewaretoken" value="[^"]*"|[0-9a-f]{32}|[0-9a-f-]{36}|"X-CSRFToken": ?"\w+"|csrftoken=\w+|cursor=[\w-]+')


@dataclass
class Guarded:
    """A record of Ben's with a canary in a field that Ben may not see."""

    info: TypeInfo
    key: str
    record: Record
    pattern: re.Pattern[str]

    def found_in(self, answer: HttpResponse) -> list[str]:
        """Where the canary occurs."""
        return self.pattern.findall(_TOKENS.sub("", everything_of(answer)))


@pytest.fixture(params=[*GUARDED, CUSTOM], ids=lambda p: f"{p[0]}.{p[1]}")
def guarded(request: pytest.FixtureRequest, cast: Cast) -> Iterator[Guarded]:
    """Each guarded field in turn, hidden from the sales role, written twice so that its history holds it too."""
    type_key, key, group = request.param
    system = cast.system
    if key.startswith("c_"):
        system.create("custom_field", label="Secret", on_type=type_key, kind="text", field_group=group)
        cast.home.refresh_from_db()
        forget_custom_fields(cast.home)
        system = cast.system
    role = Role.objects.get(key="sales")
    rights = {k: {**v, "export": "team"} for k, v in role.rights.items()}
    Role.objects.filter(pk=role.pk).update(field_groups={k: v for k, v in role.field_groups.items() if k != group}, rights=rights)
    info = registry.get(type_key)
    is_word = key.startswith("c_")
    source = key if is_word or info.fields[key].settable(creating=True) else "amount"
    given = {info.declared.board.by: first_stage_id()} if info.declared.board and not has_values(info) else {}
    record = owned_by(cast, "ben", info, **given)
    ctx = context_for(cast.ana, "test", workspace=cast.home)
    ctx.write(record, **{source: "Zanzibar7391" if is_word else "987654321.12"})
    ctx.write(record, **{source: "Zanzibar7391b" if is_word else "987654322.12"})
    if "customer" in info.fields and not registry.get(type_key).declared.under:
        mine = owned_by(cast, "ben", registry.get("customer"))
        if info.fields["customer"].settable(creating=False):
            ctx.write(record, customer=mine.pk)
    yield Guarded(info, key, record, WORD if is_word else NUMBER)
    forget_custom_fields(cast.home)


def addresses_about(one: Guarded) -> Iterator[str]:
    """All there is to GET about the record and its type, and everything a person might ask the field with."""
    key, pk = one.key, one.record.pk
    for route in routes():
        if "GET" not in REVIEWED[route].methods or REVIEWED[route].is_public:
            continue
        yield from filled(route, one.info, pk, key=[key, one.info.declared.title], column_id=first_stage_id())
    base, api = one.info.url, f"/api/v1/{one.info.key}"
    for text in (f"{key} > 5", f"{key} is not empty", f'{key} is "5"', f"not {key} is empty", f"{key} < 999999999", f"{key}.x is 5"):
        for page in (base, f"{base}rows", f"{base}totals", f"{base}board", f"{base}export.csv", f"{base}filter", f"{base}tabs", api,
                     f"/api/v1/{one.info.key}"):  # fmt: skip
            yield f"{page}?filter={quote(text)}"
        yield f"/lookup/{one.info.key}?q=&only={quote(text)}"
    for sort in (key, f"-{key}"):
        yield from (f"{p}?sort={sort}" for p in (base, f"{base}rows", f"{base}export.csv", api))
    yield from (f"{p}?columns={key},{one.info.declared.title}" for p in (base, f"{base}rows", f"{base}totals", f"{base}export.csv"))
    yield from (f"{p}?fields={key}" for p in (api, f"{api}/{pk}"))
    yield f"{base}filter?field={key}&op=is&value=5&add=1"
    yield from (f"/{p}?q={word}" for p in ("search", "api/v1/search", f"lookup/{one.info.key}") for word in ("7654322", "anzibar7391b"))
    yield f"/duplicates/{one.info.key}?{key}=7654322.12&name=anzibar7391b"
    yield f"{base}new?{key}=5"
    yield f"/quick-add?type={one.info.key}&{key}=5"
    yield from (f"/{other.key}/" for other in registry.all())
    yield from (f"{t.record_url(p)}" for t, p in _related_to(one))


def _related_to(one: Guarded) -> Iterator[tuple[TypeInfo, object]]:
    """The records that the guarded one points at: their pages add it up."""
    for field in one.info.fields.values():
        if field.to and field.source == "column":
            pk = getattr(type(one.record).objects.get(pk=one.record.pk), f"{field.key}_id", None)
            if pk:
                yield registry.get(field.to), pk


@pytest.mark.slow
def test_the_canary_occurs_nowhere(cast: Cast, guarded: Guarded, record_property: pytest.RecordProperty) -> None:
    """Every address that says anything about the record or its type, as page, as part and over the API."""
    ben, api, ana = cast.client("ben"), cast.api("ben"), cast.client("ana")
    assert guarded.found_in(ana.get(guarded.info.record_url(guarded.record.pk))), "the test can see: Ana meets the canary"
    asked = set(addresses_about(guarded))
    as_input = re.compile(rf'name="(?:\w+-|in_)?{guarded.key}(?:__\w+)?"')
    for address in sorted(asked):
        for client, headers in ((api, {}),) if address.startswith("/api/") else ((ben, {}), (ben, {"HX-Request": "true"})):
            answer = client.get(address, headers=headers)
            assert answer.status_code < 500, address
            assert not guarded.found_in(answer), address
            told = everything_of(answer)
            assert not as_input.search(told) or f"/{guarded.info.key}/" not in address, f"{address} shows an input"
            label = re.escape(f'"key": "{guarded.key}"')
            assert not (address == "/api/v1/" and guarded.key.startswith("c_") and re.search(label, told))
    record_property("measured", f"{len(asked)} addresses without the canary of {guarded.info.key}.{guarded.key}")


def test_posting_it_changes_nothing(cast: Cast, guarded: Guarded) -> None:
    """Forms, single fields, actions, bulk and API: refused like an unknown field or ignored, and told without the value."""
    ben, api, key = cast.client("ben"), cast.api("ben"), guarded.key
    info, pk = guarded.info, guarded.record.pk
    one, base, before = info.record_url(pk), f"/api/v1/{info.key}", _stored(cast, guarded)
    title = info.declared.title
    posts = [
        (f"{one}/edit", {key: "5", f"{key}__text": "5", "fields_shown": f"{key},{title}", title: "New", "version": "1"}),
        (f"{one}/edit", {key: "5", f"{key}__amount": "5", "fields_shown": key, "version": "1", f"choose__{key}": "theirs"}),
        (f"{one}/field/{key}", {key: "5", "version": "1"}),
        (f"{one}/field/{title}", {title: "New too", key: "5", "version": "1"}),
        (f"{info.url}bulk", {"id": str(pk), "do": "owner", "confirmed": "1", "in_owner": str(cast.ben.pk), f"in_{key}": "5"}),
        (f"{info.url}bulk", {"all": "1", "filter": f"{key} > 5", "do": "delete"}),
        ("/undo", {"what": f"{info.key}:{pk}:3"}),
        ("/undo", {"what": f"{info.key}:{pk}:2"}),
    ]
    for address, given in posts:
        answer = ben.post(address, given)
        assert answer.status_code < 500 and not guarded.found_in(answer), address
        assert not guarded.found_in(ben.get("/")), address
        assert _stored(cast, guarded) == before, address
    assert ben.post(f"{one}/field/{key}", {key: "5"}).status_code == 404
    told = [
        masked(api.patch(f"{base}/{pk}", {name: "5"}, content_type="application/json")).replace(name, "X").replace("c_X", "X")
        for name in (key, "nothing")
    ]
    # A role that may change no record of the type is refused before any field is looked at.
    may_edit = gate.allows(cast.ctx("ben"), info, "edit")
    assert told[0] == told[1] and told[0].startswith("422" if may_edit else "403")
    assert _stored(cast, guarded) == before


def _stored(cast: Cast, guarded: Guarded) -> object:
    row = type(guarded.record).objects.filter(pk=guarded.record.pk).values().get()
    field = registry.get(guarded.info.key).fields.get(guarded.key)
    columns = field.columns if field else ("custom",)
    return [row[name] for name in columns if name in row]


def test_an_action_keeps_it_hidden(cast: Cast) -> None:
    """A lead converted by the owner tells a colleague without amounts nothing: not in its raw copy, not by its deal."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={})
    lead = owned_by(cast, "ben", registry.get("lead"), company="Aldersley", worth="987654321.12")
    assert cast.api("ana").post(f"/api/v1/lead/{lead.pk}/convert", {}, content_type="application/json").status_code == 200
    ben, api = cast.client("ben"), cast.api("ben")
    for address in (f"/lead/{lead.pk}", f"/lead/{lead.pk}/history", f"/lead/{lead.pk}/timeline", "/deal/", "/deal/board", "/"):
        assert not NUMBER.search(_TOKENS.sub("", everything_of(ben.get(address)))), address
    for address in (f"/api/v1/lead/{lead.pk}", f"/api/v1/lead/{lead.pk}/history", "/api/v1/deal"):
        assert not NUMBER.search(_TOKENS.sub("", everything_of(api.get(address)))), address


def test_converting_without_the_right_to_amounts(cast: Cast) -> None:
    """Ben, who sees no amounts, may convert all the same; the deal takes the lead's worth over without telling him."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={})
    for worth in (None, "987654321.12"):
        lead = owned_by(cast, "ben", registry.get("lead"), company="Aldersley", **({"worth": worth} if worth else {}))
        answer = cast.api("ben").post(f"/api/v1/lead/{lead.pk}/convert", {}, content_type="application/json")
        assert answer.status_code == 200 and not NUMBER.search(_TOKENS.sub("", everything_of(answer)))
    deal = registry.get("deal").model.objects.order_by("-id").first()
    assert deal.amount == 98765432112
    given = cast.api("ben").post(
        f"/api/v1/lead/{owned_by(cast, 'ben', registry.get('lead'), company='A').pk}/convert", {"amount": "5"}, content_type="application/json"
    )
    assert given.status_code == 422


def test_a_conflict_tells_only_what_is_seen(cast: Cast) -> None:
    """Somebody changed a hidden field and an open one meanwhile: the page compares the open one alone."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={})
    record = owned_by(cast, "ben", registry.get("customer"), name="Before", turnover="5")
    ctx = context_for(cast.ana, "test", workspace=cast.home)
    seen = record.version
    ctx.write(gate.get(ctx, registry.get("customer"), record.pk), name="Theirs", turnover="987654321.12")
    answer = cast.client("ben").post(
        f"/customer/{record.pk}/edit", {"name": "Mine", "turnover": "7", "fields_shown": "name,turnover", "version": str(seen)}
    )
    text = _TOKENS.sub("", everything_of(answer))
    assert answer.status_code == 409 and "Theirs" in text and not NUMBER.search(text)
    assert not re.search("turnover", text.replace('value="name,turnover"', "").replace('name="turnover" value="7"', ""), re.IGNORECASE)


def test_sensitive_rows_are_not_there(cast: Cast) -> None:
    """A sensitive preference of Ben's own customer: the pages, counts and lists are the same as without it."""
    customer = owned_by(cast, "ben", registry.get("customer"))
    cast.system.create("preference", customer=customer.pk, what="Tea", wish="Green")
    ben, api = cast.client("ben"), cast.api("ben")
    ben.get("/")
    addresses = [f"/customer/{customer.pk}", f"/customer/{customer.pk}/timeline", "/customer/", "/customer/?filter=has+preferences", "/preference/",
                 "/preference/totals", "/preference/tabs", "/preference/rows", "/search?q=zanzibar7391", "/lookup/preference?q=zanz", "/"]  # fmt: skip
    more = ["/api/v1/preference", f"/api/v1/customer/{customer.pk}", "/api/v1/search?q=zanzibar7391", "/api/v1/preference?filter=wish+contains+zanz"]
    before = [masked(ben.get(a)) for a in addresses] + [masked(api.get(a)) for a in more]
    secret = cast.system.create("preference", customer=customer.pk, what="Zanzibar7391", wish="Zanzibar7391", is_sensitive=True)
    after = [masked(ben.get(a)) for a in addresses] + [masked(api.get(a)) for a in more]
    assert [a for a, x, y in zip(addresses + more, before, after, strict=True) if x != y] == []
    for address in (f"/preference/{secret.pk}", f"/preference/{secret.pk}/history", f"/preference/{secret.pk}/edit"):
        assert ben.get(address).status_code == 404
    assert "Zanzibar7391" in everything_of(cast.client("ana").get(f"/customer/{customer.pk}"))


#: For now on SQLite only: the gate itself is tested on both databases (tests/test_batteries.py); issue 3 widens these.
pytestmark = pytest.mark.once
