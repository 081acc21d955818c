"""Types with an own choice have a board: columns are its choices, a card moves by writing it, the field picked is remembered."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.query import totals
from rapport.kernel.records.registry import registry
from tests.cast import Cast, hide_group


def orchard(cast: Cast) -> tuple[list[object], str]:
    """An own type with two choices, and three records."""
    ctx = cast.ctx("ana")
    ctx.create("custom_type", name="Tree", plural="Trees", department="customers")
    ctx.create("custom_field", on_type="x_tree", label="State", kind="choice", choices="Planted\nGrown => Tall\nFelled")
    ctx.create("custom_field", on_type="x_tree", label="Sort", kind="choice", choices="Oak\nAsh", is_fast=True)
    made = [
        cast.ctx("ana").create("x_tree", name=name, c_state=state, c_sort=sort)
        for name, state, sort in (("One", "Planted", "Oak"), ("Two", "Grown", "Ash"), ("Three", None, "Oak"))
    ]
    return made, "/x_tree/board"


def columns(page: str) -> dict[str, list[str]]:
    """The titles of the cards by column."""
    found = {}
    for part in page.split("<section")[1:]:
        label = re.search(r'aria-label="([^"]*)"', part)
        if 'data-column="' in part.partition(">")[0] and label:
            found[label[1]] = re.findall(r'<article[^>]*aria-label="([^",]*)', part)
    return found


def ids(page: str) -> dict[str, str]:
    """The ids of the columns by title."""
    return {b: a for a, b in re.findall(r'data-column="([^"]+)"[^>]*aria-label="([^"]+)"', page)}


def test_the_choices_are_the_columns(cast: Cast) -> None:
    """In their order with their names, at last the records without; another field can be picked and is remembered."""
    _made, address = orchard(cast)
    client = cast.client("ana")
    page = client.get(address).content.decode()
    assert columns(page) == {"Planted": ["One"], "Tall": ["Two"], "Felled": [], "No State": ["Three"]}
    assert columns(client.get(address + "?by=c_sort").content.decode()) == {"Oak": ["Three", "One"], "Ash": ["Two"]}
    assert set(columns(client.get(address).content.decode())) == {"Oak", "Ash"}
    assert set(columns(cast.client("ben").get(address).content.decode())) >= {"Planted", "Tall"}
    assert columns(client.get(address + "?by=c_sort&filter=c_state+is+Planted").content.decode()) == {"Oak": ["One"], "Ash": []}
    assert "/x_tree/board" in client.get("/x_tree/").content.decode()
    assert client.get(f"{address}?lanes=owner").status_code == 200
    assert cast.client("dea").get(address).status_code == 404


def test_a_board_costs_the_same_with_more_cards(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many queries for forty cards as for three; past the cap a field without an index is refused, with the remedy."""
    _made, address = orchard(cast)
    client, asked = cast.client("ana"), []
    client.get(address)
    for more in (0, 40):
        cast.ctx("ana").create_many("x_tree", [{"name": f"T{n}", "c_state": "Planted", "c_sort": "Oak"} for n in range(more)])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] < 45
    monkeypatch.setattr(totals.count, "__kwdefaults__", {"cap": 5})
    page = client.get(address + "?by=c_state").content.decode()
    assert "sorted and filtered often" in page and "T1<" not in page
    assert set(columns(client.get(address + "?by=c_sort").content.decode())) == {"Oak", "Ash"}


def test_a_card_moves_and_comes_back(cast: Cast) -> None:
    """Moving writes the field with the viewer's rights; Undo takes it back; who may not edit may not move."""
    made, address = orchard(cast)
    client = cast.client("ana")
    page = client.get(address).content.decode()
    at = ids(page)
    part = {"hx-request": "true"}
    answer = client.post(f"{address}/move?by=c_state", {"record": made[0].pk, "column": at["Felled"]}, headers=part)
    assert answer.status_code == 200 and answer.json()["text"] == "Moved to Felled." and answer.json()["undo"]
    made[0].refresh_from_db()
    assert made[0].custom["c_state"] == "Felled"
    client.post("/undo", {"what": answer.json()["undo"]}, headers={"hx-request": "true"})
    made[0].refresh_from_db()
    assert made[0].custom["c_state"] == "Planted"
    client.post(f"{address}/move?by=c_state", {"record": made[0].pk, "column": at["No State"]}, headers={"hx-request": "true"})
    made[0].refresh_from_db()
    assert "c_state" not in made[0].custom
    assert client.post(f"{address}/move", {"record": made[0].pk, "column": made[0].pk}).status_code == 404
    part = client.get(f"{address}/column/{at['No State']}?by=c_state", headers={"hx-request": "true"}).content.decode()
    assert "Three" in part and "One" in part


def test_a_hidden_choice_makes_no_board(cast: Cast) -> None:
    """A field of a group that the role lacks is no column, and is not offered; customers have a board by their own choices."""
    ctx = cast.ctx("ana")
    assert registry.get("customer").declared.board is None and cast.client("ana").get("/customer/board").status_code == 404
    ctx.create("custom_field", on_type="customer", label="Rank", kind="choice", choices="A\nB", field_group="sales.amounts")
    cast.ctx("ana").create("customer", name="Aran", kind="company", c_rank="A")
    assert columns(cast.client("ana").get("/customer/board").content.decode())["A"] == ["Aran"]
    assert "/customer/board" in cast.client("ana").get("/customer/").content.decode()
    hide_group(cast, "sales", "sales.amounts")
    assert "/customer/board" not in cast.client("ben").get("/customer/").content.decode()
    assert cast.client("ben").get("/customer/board").status_code == 404
    assert "A</h2>" not in cast.client("ben").get("/customer/board?by=c_rank").content.decode()
