"""Two worlds that differ only in Cem's data: every page, part, file and API answer of Ben's is the same, byte for byte.

Masked are ids, tokens, nonces and times (masks.py), nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from unittest import mock
from urllib.parse import quote
from uuid import UUID

import pytest

from rapport.kernel.access.models import Role
from rapport.kernel.context import Context
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from tests import factory
from tests.access.addresses import REVIEWED, filled, routes
from tests.access.masks import everything_of, masked
from tests.access.people import CLOSED, SHARED, owned_by, undone
from tests.cast import Cast, first_stage_id
from tests.test_two_worlds import FILTERS

CANARY = "Zanzibar7391"
_HX = {"HX-Request": "true"}
_PARTS = ("/rows?", "/totals?", "/export.", "/lookup/", "/duplicates/")
WORDS = ("zanzibar", "zanz", "7391", "ben", "+353 1 555 7391", "plain")


def _world(cast: Cast, *, with_secrets: bool) -> dict[str, list[Record]]:
    """Ben's records, some of which point at Cem's; with secrets also what Cem has beside them, and hidden values."""
    factory._numbers = count(1)  # both worlds are called alike
    system = cast.system
    theirs = system.create("customer", name=CANARY if with_secrets else "Plain", owner=cast.cem.pk, tags=[CANARY if with_secrets else "plain"])
    mine = system.create("customer", name="Ben's own", owner=cast.ben.pk, turnover="7391000" if with_secrets else "1000")
    daughter = system.create("customer", name="Ben's daughter", owner=cast.ben.pk, parent=theirs.pk)
    person = system.create("customer", name="Ben's person", kind="person", owner=cast.ben.pk)
    deal = system.create("deal", name="Ben's deal", owner=cast.ben.pk, customer=mine.pk, stage=first_stage_id(), amount="7391" if with_secrets else "100")
    other = system.create("deal", name="Ben's other", owner=cast.ben.pk, customer=theirs.pk, stage=first_stage_id())
    found: dict[str, list[Record]] = {"customer": [mine, daughter, person], "deal": [deal, other]}
    found["affiliation"] = [system.create("affiliation", person=person.pk, company=theirs.pk, job_title="Buyer")]
    found["relationship"] = [system.create("relationship", one=mine.pk, other=theirs.pk, tie="knows")]
    found["lead"] = [system.create("lead", name="Ben's lead", owner=cast.ben.pk, company="Ben's own", worth="7391" if with_secrets else None)]
    found["task"] = [system.create("task", subject="Ben's task", owner=cast.ben.pk, customer=mine.pk, due_on="2026-12-01")]
    found["activity"] = [system.create("activity", subject="Ben's call", kind="call", owner=cast.ben.pk, customer=mine.pk)]
    for info in list(registry.shipped().values()):
        if info.key not in found and info.key not in SHARED | CLOSED:
            found[info.key] = [owned_by(cast, "ben", info)]
    if with_secrets:
        with mock.patch.object(factory, "reference_for", _reference_to_what_is_shared):
            _secrets(cast, mine, deal)
    return found


_REFERENCE_FOR = factory.reference_for


def _reference_to_what_is_shared(ctx: Context, info: TypeInfo, field: Field) -> UUID | None:
    """A queue or a survey is everybody's, so what is Cem's points at the one that both worlds have."""
    if field.required and field.to in SHARED:
        rows = registry.get(field.to).model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None)
        first = rows.order_by("pk").first()
        if first is not None:
            return first.pk  # type: ignore[no-any-return]
    return _REFERENCE_FOR(ctx, info, field)


def _secrets(cast: Cast, mine: Record, deal: Record) -> None:
    """What only Cem and the owner see, beside, on and around Ben's records, and one of every type."""
    system = cast.system
    secret = system.create("customer", name=CANARY, owner=cast.cem.pk, tags=[CANARY], emails=f"{CANARY.lower()}@example.com",
                           phones="+353 1 555 7391", birthday="1990-11-23", parent=mine.pk)  # fmt: skip
    system.create("deal", name=f"{CANARY} deal", owner=cast.cem.pk, customer=secret.pk, stage=first_stage_id(), amount="7391")
    system.create("deal", name=f"{CANARY} on Ben's", owner=cast.cem.pk, customer=mine.pk, stage=first_stage_id(), amount="7391")
    system.create("lead", name=CANARY, owner=cast.cem.pk, company="Ben's own")
    system.create("activity", subject=CANARY, kind="note", owner=cast.cem.pk, customer=secret.pk, body=CANARY)
    system.create("task", subject=CANARY, owner=cast.cem.pk, customer=secret.pk, due_on="2026-11-20")
    system.create("preference", customer=mine.pk, what="Health", wish=CANARY, is_sensitive=True)
    system.create("relationship", one=secret.pk, other=mine.pk, tie="knows", note=CANARY)
    for info in list(registry.shipped().values()):
        if info.key not in SHARED | CLOSED:  # what belongs to the whole workspace is nobody's secret
            owned_by(cast, "cem", info)
    binned = owned_by(cast, "cem", registry.get("customer"), name=f"{CANARY} binned")
    system.delete(binned)


def _addresses(cast: Cast, kept: dict[str, list[Record]]) -> Iterator[str]:
    """Every GET there is about Ben's records and the types, with filters, sorts, words and marks."""
    stage = first_stage_id()
    for route in routes():
        one = REVIEWED[route]
        if "GET" not in one.methods or one.is_public:
            continue
        for info in list(registry.shipped().values()) if one.about != "page" else list(registry.shipped().values())[:1]:
            for record in kept.get(info.key, [])[: 3 if one.about == "one" else 1] or [registry.get("stage").model.objects.get(pk=stage)]:
                keys = [info.declared.title, *[f.key for f in info.fields.values() if f.see or f.to][:4]]
                yield from filled(route, info, record.pk, key=keys, column_id=stage)
    for info in list(registry.shipped().values()):
        yield from _questions(info)
    for word in WORDS:
        yield from (f"/{p}?q={quote(word)}" for p in ("search", "api/v1/search", "lookup/customer", "lookup/deal", "lookup/user"))
        yield f"/duplicates/customer?name={quote(word)}&phones={quote(word)}&emails={quote(word)}@example.com"
        yield f"/duplicates/lead?name={quote(word)}&company={quote(word)}"
    for only in ("kind is company", "name contains zanz", "has deals", "turnover > 5"):
        yield f"/lookup/customer?only={quote(only)}"


def _questions(info: TypeInfo) -> Iterator[str]:
    for text in FILTERS.get(info.key, []):
        for page in (f"/{info.key}/", f"/{info.key}/totals", f"/{info.key}/export.csv", f"/api/v1/{info.key}", f"/{info.key}/board"):
            if not page.endswith("board") or info.declared.board:
                yield f"{page}?filter={quote(text)}"
    for field in info.fields.values():
        if field.sort_path:
            yield f"/{info.key}/rows?filter=&sort={field.key}"
            yield f"/api/v1/{info.key}?sort=-{field.key}&limit=2"


def _answers(cast: Cast, kept: dict[str, list[Record]]) -> list[tuple[str, str, str]]:
    """(address without ids, masked answer, whole answer) of everything Ben may ask, in a fixed order."""
    ben, api = cast.client("ben"), cast.api("ben")
    ben.get("/")
    told = []
    for address in _addresses(cast, kept):
        if address.startswith("/api/"):
            answers = [api.get(address)]
        else:
            # Rows, totals and files are parts, whoever asks for them.
            is_part = any(word in address for word in _PARTS)
            answers = [ben.get(address, headers=heads) for heads in ([_HX] if is_part else [{}, _HX])]
        told += [(address, masked(answer), everything_of(answer)) for answer in answers]
    return told


@pytest.mark.slow
def test_ben_cannot_tell_the_worlds_apart(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Web and API, whole pages and parts: the same with and without everything that Cem has."""
    role = Role.objects.get(key="sales")
    rights = {key: {**verbs, "view": "team"} if key not in SHARED else verbs for key, verbs in role.rights.items()}
    rights = {key: {**verbs, "export": "team"} for key, verbs in rights.items()}
    Role.objects.filter(pk=role.pk).update(rights=rights, field_groups={})
    worlds = []
    for with_secrets in (False, True):
        with undone(cast):
            worlds.append(_answers(cast, _world(cast, with_secrets=with_secrets)))
    different = []
    for (address, without, _all), (_address, with_, whole) in zip(*worlds, strict=True):
        if without != with_:
            different.append(f"{address}\n{_first_difference(without, with_)}")
        asked = quote(CANARY).casefold() in address.casefold() or "zanz" in address or "7391" in address
        assert asked or CANARY.casefold() not in whole.casefold(), f"{address}: holds the canary"
    assert not different, f"{len(different)} of {len(worlds[0])} differ:\n" + "\n\n".join(different[:12])
    record_property("measured", f"{len(worlds[0])} answers of Ben's alike in both worlds")


def _first_difference(one: str, other: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"without: …{one[max(0, at - 90) : at + 90]}…\nwith:    …{other[max(0, at - 90) : at + 90]}…"


def test_the_worlds_do_differ_for_the_owner(cast: Cast) -> None:
    """The test above can fail: Ana meets Cem's customer on the list, in search and on Ben's record."""
    with undone(cast):
        kept = _world(cast, with_secrets=True)
        ana = cast.client("ana")
        for address in ("/customer/", "/search?q=zanzibar", f"/customer/{kept['customer'][0].pk}", "/deal/board", "/"):
            assert CANARY in everything_of(ana.get(address)), address


#: For now on SQLite only: the gate itself is tested on both databases (tests/test_batteries.py); issue 3 widens these.
pytestmark = pytest.mark.once
