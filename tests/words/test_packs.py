"""Trade packs: added whole or not at all, never over what is there, taken back, and one's own set-up written as one."""

from __future__ import annotations

import json

import pytest

from rapport.engines.words import packs
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast

SHIPPED = ["aircraft", "agency", "clinic", "manufacturer", "property", "shop", "software", "travel"]


def count(ctx: Context, key: str) -> int:
    return gate.visible(ctx, registry.get(key)).count()


def test_eight_trades_are_on_the_shelf() -> None:
    """Each with types, fields, words in four languages, roles, a pipeline, views, rules and samples."""
    assert sorted(packs.shelf()) == sorted(SHIPPED)
    for pack in packs.shelf().values():
        assert all(pack.parts[part.key] for part in packs.PARTS) and pack.samples and pack.about
        assert {str(word.get("language") or "") for word in pack.parts["words"]} == {"", "de", "fr", "es"}


@pytest.mark.parametrize("key", SHIPPED)
def test_a_shipped_pack_is_applied_and_its_records_work(cast: Cast, key: str) -> None:
    """Samples are there, formulas and roll-ups are calculated, every list opens, and a second time adds nothing."""
    ctx, pack = cast.ctx("ana"), packs.shelf()[key]
    adds = packs.foresee(ctx, pack).adds
    packs.apply(ctx, pack, with_samples=True)
    run_due()
    ctx = cast.ctx("ana")
    assert len(adds) == sum(len(entries) for entries in pack.parts.values()) + len(pack.samples)
    again = packs.foresee(ctx, pack)
    assert not again.adds and len(again.there) == len(adds)
    client = cast.client("ana")
    for entry in pack.parts["types"]:
        rows = read_page(ctx, registry.get(str(entry["key"]))).rows
        assert client.get(f"/{entry['key']}/").status_code == 200
        assert not rows or client.get(f"/{entry['key']}/{rows[0].id}").status_code == 200
    for field in pack.parts["fields"]:
        assert field["key"] in gate.fields(ctx, registry.get(str(field["on_type"]))), field


def test_words_are_said_in_the_language_of_whoever_looks(cast: Cast) -> None:
    """ "Enquiries" for Ana, "Anfragen" for Ben, whose page is German; the key in addresses stays."""
    packs.apply(cast.ctx("ana"), packs.shelf()["aircraft"])
    cast.ctx("ana").write(cast.ben, language="de")
    assert "Enquiries" in cast.client("ana").get("/lead/").content.decode()
    theirs = cast.client("ben").get("/lead/").content.decode()
    assert "Anfragen" in theirs and "Enquiries" not in theirs


def test_what_is_there_is_never_overwritten(cast: Cast) -> None:
    """A field of the same key stays what it was, whatever the pack says of it."""
    ana = cast.ctx("ana")
    mine = ana.create("custom_field", label="My airfield", key="c_home_airfield", on_type="customer", kind="number")
    found = packs.foresee(ana, packs.shelf()["aircraft"], with_samples=False)
    assert ("fields", "Home airfield") in found.there
    packs.apply(ana, packs.shelf()["aircraft"])
    mine.refresh_from_db()
    assert (mine.label, mine.kind) == ("My airfield", "number")


def test_a_pack_is_taken_back_whole(cast: Cast) -> None:
    """Types, fields, words, roles, stages and samples are gone; what was there before is not."""
    ana = cast.ctx("ana")
    keys = ("custom_field", "custom_type", "wording", "role", "page_layout", "pipeline", "stage", "view", "follow_up_rule", "customer")
    before = {key: count(ana, key) for key in keys}
    row = packs.apply(ana, packs.shelf()["travel"], with_samples=True)
    run_due()
    assert count(cast.ctx("ana"), "custom_field") > before["custom_field"]
    kept = packs.take_back(cast.ctx("ana"), row)
    assert kept == 0 and {key: count(cast.ctx("ana"), key) for key in keys} == before
    assert "x_trip" not in registry
    packs.apply(cast.ctx("ana"), packs.shelf()["travel"])


def test_half_a_pack_is_no_pack(cast: Cast) -> None:
    """One entry that does not fit, and nothing of it is there; the sentence names the entry."""
    ana = cast.ctx("ana")
    bad = {"rapport_pack": 1, "key": "bad", "types": [{"key": "x_a", "name": "A", "plural": "As"}],
           "fields": [{"on_type": "x_a", "key": "c_b", "label": "B", "kind": "text"}, {"on_type": "x_a", "key": "c_c", "label": "C", "kind": "moon"}]}  # fmt: skip
    with pytest.raises(Invalid, match="“fields”, entry 2 \\(C\\): .*not one of the options"):
        packs.apply(ana, packs.read_pack(json.dumps(bad)))
    assert "x_a" not in registry and count(cast.ctx("ana"), "custom_type") == 0


def test_only_an_owner_applies_packs(cast: Cast) -> None:
    """Nor may others look what a pack would do."""
    with pytest.raises(Refused):
        packs.foresee(cast.ctx("ben"), packs.shelf()["shop"])
    with pytest.raises(Refused):
        packs.apply(cast.ctx("ben"), packs.shelf()["shop"])
    with pytest.raises(Refused):
        packs.export_pack(cast.ctx("ben"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"), ("[]", "no pack"), ('{"rapport_pack": 2, "key": "a"}', "version 2"), ('{"rapport_pack": 1}', "“key”"),
        ('{"rapport_pack": 1, "key": "a", "stuff": []}', "no part “stuff”"), ('{"rapport_pack": 1, "key": "a", "fields": {}}', "a list"),
        ('{"rapport_pack": 1, "key": "a", "fields": [{"label": "X"}]}', "“on_type” is missing"),
        ('{"rapport_pack": 1, "key": "a", "fields": [{"colour": 1}]}', "has no “colour”"),
        ('{"rapport_pack": 1, "key": "a", "samples": [{"type": "customer", "values": {"name": "@b"}}]}', "no entry before"),
        ("[" * 100_000, "no JSON"),
    ],
)  # fmt: skip
def test_a_wrong_pack_is_told_by_the_place(text: str, told: str) -> None:
    """Before anything is touched."""
    with pytest.raises(Invalid, match=told):
        packs.read_pack(text)


@pytest.mark.parametrize("key", ["property", "manufacturer"])
def test_a_set_up_goes_out_and_into_an_empty_workspace_and_is_the_same(cast: Cast, key: str) -> None:
    """Applied, exported, applied elsewhere, exported there: equal to the letter."""
    packs.apply(cast.ctx("ana"), packs.shelf()[key])
    run_due()
    first = packs.export_pack(cast.ctx("ana"), name="Ours")
    with use_workspace(cast.away):
        packs.apply(context_for(cast.dea, "test"), packs.read_pack(first))
        run_due()
        second = packs.export_pack(context_for(cast.dea, "test"), name="Ours")
    assert json.loads(second) == json.loads(first)
