"""Conditional fields while somebody fills in a form: what is shown and needed now, in agreement with the door."""

from __future__ import annotations

import re

import pytest

from rapport.engines.words.live import live_state
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context
from rapport.kernel.custom.conditions import conditions_of
from rapport.kernel.query.compile import matches
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.cast import Cast

#: Filters over customers, of every shape.
FILTERS = [
    "kind is company", "kind is not company", "name is Åran", "name contains ran", "name starts with a", "employees > 10",
    "employees between 5 and 20", "employees is empty", "employees is not empty", "industry is Food", "industry is not food",
    "industry contains oo", "tags has vip", "tags is empty", "website is not empty", "founded < 1990 or kind is person",
    "not kind is person", "kind is company and (employees > 10 or tags has vip)",  "owner is not empty",
    "parent.industry is Food", "parent.name contains whole", "c_state is Lost", "c_state is not Lost", "c_size > 3",
    "c_size between 1 and 3", "c_size is empty", "c_day is today", "c_day < today", "turnover > 100", "has deals", "c_flag is yes",
    "phones contains 555", "emails is not empty",
]  # fmt: skip


def values_of(cast: Cast) -> list[dict[str, object]]:
    """Customers of many sorts."""
    parent = cast.ctx("ana").create("customer", name="Whole Food", kind="company", industry="Food")
    today = cast.ctx("ana").format.today
    return [
        {"name": "Åran", "kind": "company"},
        {"name": "Bo", "kind": "person", "tags": ["vip"], "c_state": "Lost"},
        {"name": "Crane", "kind": "company", "employees": 12, "industry": "food", "founded": 1980, "c_size": 2, "c_flag": True},
        {"name": "Dunes", "kind": "company", "employees": 5, "parent": parent.pk, "c_size": 7, "c_state": "Won", "c_day": today,
         "website": "https://dunes.example", "turnover": "500", "phones": "+353 1 555 0101", "owner": cast.ana.pk},
    ]  # fmt: skip


@pytest.fixture
def own(cast: Cast) -> Cast:
    """The cast with a few own fields of customers."""
    for label, kind, more in [
        ("State", "choice", {"choices": "Won\nLost"}), ("Size", "number", {}), ("Day", "date", {"is_fast": True}), ("Flag", "yesno", {}),
    ]:  # fmt: skip
        cast.ctx("ana").create("custom_field", label=label, kind=kind, on_type="customer", **more)
    return cast


def test_the_form_and_the_door_agree(own: Cast) -> None:
    """Every filter, of every customer: what is told of the typed values is what the database says of the stored row."""
    made = [(values, own.ctx("ana").create("customer", **values)) for values in values_of(own)]
    fields = []
    for number, text in enumerate(FILTERS):
        group = {"field_group": "customers.figures"} if "turnover" in text else {}
        one = own.ctx("ana").create(
            "custom_field", label=f"Live {number}", kind="text", on_type="customer", show_when=text, **group
        )
        fields.append(one.key)
    ctx, info = own.ctx("ana"), registry.get("customer")
    nodes = {one.key: one.shown for one in conditions_of(ctx.workspace, "customer")}
    cleaned = [{key: stored(ctx, record, key) for key in [*values, "owner"]} for values, record in made]
    for values, (_given, record) in zip(cleaned, made, strict=True):
        live = live_state(ctx, info, None, values)
        assert live is not None
        for number, key in enumerate(fields):
            truth = matches(ctx.as_system("test"), info, record.pk, nodes[key])  # type: ignore[arg-type]
            assert (key not in live.hidden) == truth, (FILTERS[number], values)


def stored(ctx: Context, record: Record, key: str) -> object:
    """The cleaned value of a stored record."""
    return read_value(record, gate.fields(ctx, registry.get("customer"))[key])


def test_the_script_is_told_what_is_hidden_and_needed(own: Cast) -> None:
    """New and stored records alike; a field that the viewer may not see is in no answer."""
    ana = own.ctx("ana")
    ana.create("custom_field", label="Why", kind="text", on_type="customer", show_when="c_state is Lost", is_required=True)
    own.ctx("ana").create("custom_field", label="Since", kind="date", on_type="customer", require_when="c_size > 3")
    client = own.client("ben")
    assert client.post("/customer/conditions", {"c_state": "Won"}).json() == {"hidden": ["c_why"], "needed": []}
    assert client.post("/customer/conditions", {"c_state": "Lost", "c_size": "4"}).json() == {
        "hidden": [],
        "needed": ["c_since", "c_why"],
    }
    made = own.ctx("ana").create("customer", name="Aran", kind="company", owner=own.ben.pk, c_state="Lost", c_why="Price")
    assert client.post(f"/customer/{made.pk}/conditions", {}).json() == {"hidden": [], "needed": ["c_why"]}
    assert client.post(f"/customer/{made.pk}/conditions", {"c_state": "Won"}).json()["hidden"] == ["c_why"]
    assert own.client("dea").post(f"/customer/{made.pk}/conditions", {}).status_code == 404
    assert own.client("ana").post("/unicorn/conditions", {}).status_code == 404
    assert own.client("dea").post("/customer/conditions", {"c_state": "Won"}).json() == {"hidden": [], "needed": []}


def test_the_page_comes_with_what_holds_now(own: Cast) -> None:
    """Hidden fields are marked, needed ones are not called optional; without a script all stand there."""
    own.ctx("ana").create(
        "custom_field", label="Why", kind="text", on_type="customer", show_when="c_state is Lost", is_required=True
    )
    made = own.ctx("ana").create("customer", name="Aran", kind="company", c_state="Lost", c_why="Price")
    client = own.client("ana")
    new, edit = (client.get(one).content.decode() for one in ("/customer/new", f"/customer/{made.pk}/edit"))
    assert 'data-field="c_why" data-conditional data-off' in new and 'data-on="c_state"' in new
    assert re.search(r'data-field="c_why" data-conditional>\s*<label for="f-c_why">Why <span class="opt" hidden>', edit)


def test_what_stands_in_a_hidden_field_is_left_alone(own: Cast) -> None:
    """Neither written nor refused when the script says it is hidden; refused as ever when it does not."""
    own.ctx("ana").create(
        "custom_field", label="Why", kind="text", on_type="customer", show_when="c_state is Lost", is_required=True
    )
    client = own.client("ana")
    given = {"name": "Aran", "kind": "company", "c_state": "Won", "c_why": "typed before"}
    assert client.post("/customer/new", given).status_code == 422
    assert client.post("/customer/new", {**given, "fields_off": "c_why,name"}).status_code == 302
    row = registry.get("customer").model.objects.get(name="Aran")
    assert row.custom == {"c_state": "Won"}
    lost = own.ctx("ana").create("customer", name="Bara", kind="company", c_state="Lost", c_why="Price")
    page = {
        "name": "Bara",
        "kind": "company",
        "c_state": "Won",
        "c_why": "x",
        "fields_off": "c_why",
        "fields_shown": "name,kind,c_state,c_why",
    }
    assert client.post(f"/customer/{lost.pk}/edit", page).status_code == 302
    lost.refresh_from_db()
    assert lost.custom == {"c_state": "Won", "c_why": "Price"}
    assert (
        client.post("/customer/new", {"name": "Cara", "kind": "company", "c_state": "Lost", "fields_off": "c_why"}).status_code
        == 422
    )
