"""Cells of a list written through the page's addresses: one, a block, added rows; rights, conflicts, taking back."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rapport.kernel.access.models import Role
from rapport.kernel.records.registry import registry
from tests.cast import Cast, hide_group
from tests.factory import make

HTMX = {"HX-Request": "true"}
#: Session, account, user, workspace, hold, before, write (select, update, …), log, counter, indexes, after, row, titles.
PASTE_QUERIES = 19


def send(client: Client, type_key: str = "customer", **block: object) -> Any:
    """Post a block as the page's script does."""
    return client.post(f"/{type_key}/cells", json.dumps(block), content_type="application/json", headers=HTMX)


def cells(records: list[Any], key: str, texts: list[str]) -> list[dict[str, str]]:
    """One column of texts over records."""
    return [{"id": str(one.pk), "key": key, "text": text} for one, text in zip(records, texts, strict=True)]


@pytest.fixture
def three(cast: Cast) -> list[Any]:
    """Three customers of Ben."""
    return [make(cast.ctx("ana"), "customer", name=f"C{i}", industry="Old", owner=cast.ben.pk) for i in range(3)]


def fresh(record: Any) -> Any:
    """The record as stored now."""
    record.refresh_from_db()
    return record


def test_block_is_read_by_kinds_and_bad_cells_come_back_alone(cast: Cast, three: list[Any]) -> None:
    """Good cells are kept, a bad one keeps its text and gets a sentence; formula marks of our own copies go."""
    block = [*cells(three, "employees", ["1,200", "ten", "7"]), *cells(three, "industry", ["'=SUM", "Inn", "Bar"])]
    answer = send(cast.client("ben"), columns=["name", "industry"], cells=block).json()
    assert [(e["key"], e["text"], e["id"]) for e in answer["errors"]] == [("employees", "ten", str(three[1].pk))]
    assert "number" in answer["errors"][0]["sentence"]
    assert [fresh(one).employees for one in three] == [1200, None, 7]
    assert [one.industry for one in three] == ["=SUM", "Inn", "Bar"]
    assert len(answer["steps"]) == 5 and answer["rows"][str(three[0].pk)]["version"] == 2
    assert "5 changed, 1 left" in answer["text"]


def test_block_goes_back_and_forth_and_refuses_what_somebody_changed_since(cast: Cast, three: list[Any]) -> None:
    """Undo expects the value it wrote; a later change by somebody else stays and is told."""
    ben = cast.client("ben")
    steps = send(ben, cells=cells(three, "industry", ["A", "B", "C"])).json()["steps"]
    cast.ctx("ana").write(fresh(three[1]), industry="Ana's")
    back = [{"id": s["id"], "key": s["key"], "value": s["before"], "expect": s["after"]} for s in steps]
    answer = send(ben, cells=back).json()
    assert [fresh(one).industry for one in three] == ["Old", "Ana's", "Old"]
    assert len(answer["errors"]) == 1 and "changed meanwhile" in answer["errors"][0]["sentence"]
    again = [{"id": s["id"], "key": s["key"], "value": s["after"], "expect": s["before"]} for s in steps]
    send(ben, cells=again)
    assert [fresh(one).industry for one in three] == ["A", "Ana's", "C"]


def test_paste_over_a_version_that_is_gone_leaves_the_contested_cell(cast: Cast, three: list[Any]) -> None:
    """The page sends the version it shows; other fields of the row merge."""
    cast.ctx("ana").write(fresh(three[0]), industry="Ana's")
    block = [*cells(three[:1], "industry", ["Mine"]), *cells(three[:1], "employees", ["4"])]
    answer = send(cast.client("ben"), cells=block, versions={str(three[0].pk): 1}).json()
    assert [e["key"] for e in answer["errors"]] == ["industry"]
    assert (fresh(three[0]).industry, three[0].employees) == ("Ana's", 4)


def test_hidden_fields_are_refused_exactly_like_unknown_ones(cast: Cast) -> None:
    """Key by key the same sentence but for the name; nothing is written, nothing is shown."""
    ctx = cast.ctx("ana")
    deal = make(ctx, "deal", name="D", owner=cast.ben.pk)
    hide_group(cast, "sales", "sales.amounts")
    hidden = next(k for k, f in registry.get("deal").fields.items() if f.see == "sales.amounts" and f.writable)
    answer = send(cast.client("ben"), "deal", columns=[hidden, "name"], cells=[
        {"id": str(deal.pk), "key": hidden, "text": "5"}, {"id": str(deal.pk), "key": "nonsense", "text": "5"},
    ]).json()  # fmt: skip
    one, two = (e["sentence"].replace(e["key"], "…") for e in answer["errors"])
    assert one == two and fresh(deal).version == 1
    assert hidden not in json.dumps(answer["rows"])
    texts = cast.client("ben").post("/deal/texts", json.dumps({"ids": [str(deal.pk)], "keys": [hidden, "nonsense", "name"]}),
                                    content_type="application/json").json()["texts"]  # fmt: skip
    assert texts == [["", "", "D"]]


def test_rows_out_of_reach_stay_and_read_like_missing_ones(cast: Cast, three: list[Any]) -> None:
    """A stranger's row, another team's row and no row: one sentence, nothing written, nothing shown."""
    block = cells([*three[:1], *three[1:2]], "industry", ["X", "Y"])
    block[1]["id"] = str(uuid4())
    for who in ("cem", "dea"):
        answer = send(cast.client(who), columns=["name", "industry"], cells=block).json()
        assert len({e["sentence"] for e in answer["errors"]}) == 1 and len(answer["errors"]) == 2
        assert answer["rows"] == {} and answer["steps"] == []
        texts = cast.client(who).post("/customer/texts", json.dumps({"ids": [str(three[0].pk)], "keys": ["name"]}),
                                      content_type="application/json")  # fmt: skip
        assert texts.json() == {"texts": [[""]]}
        assert cast.client(who).get(f"/customer/{three[0].pk}/cell/industry").status_code == 404
        assert cast.client(who).get(f"/customer/{three[0].pk}/peek").status_code == 404
    assert fresh(three[0]).industry == "Old"


def test_many_rows_need_the_right_to_change_many(cast: Cast, three: list[Any]) -> None:
    """Without mass_edit one row at a time is written, a block over several is not."""
    role = Role.objects.get(key="sales")
    rights = {**role.rights, "customer": {**role.rights["customer"], "mass_edit": "none"}}
    Role.objects.filter(pk=role.pk).update(rights=rights)
    ben = cast.client("ben")
    answer = send(ben, cells=cells(three, "industry", ["A", "B", "C"])).json()
    assert len(answer["errors"]) == 3 and {fresh(one).industry for one in three} == {"Old"}
    assert send(ben, cells=cells(three[:1], "industry", ["A"])).json()["errors"] == []
    assert fresh(three[0]).industry == "A"


def test_pasted_rows_are_added_taken_away_and_brought_back(cast: Cast) -> None:
    """A row without a name is told; the rest is there, with its HTML for the page."""
    ben = cast.client("ben")
    answer = send(ben, columns=["name", "industry"], new=[{"name": "Quagga", "industry": "Inn"}, {"industry": "Bar"}]).json()
    assert len(answer["made"]) == 1 and "Quagga" in answer["added"] and "1 row added." in answer["text"]
    assert [e["new"] for e in answer["errors"]] == [1]
    model = registry.get("customer").model
    send(ben, remove=answer["made"])
    assert not model.objects.filter(name="Quagga", deleted_at=None).exists()
    assert "Quagga" in send(ben, columns=["name"], restore=answer["made"]).json()["added"]
    assert model.objects.filter(name="Quagga", deleted_at=None).exists()
    assert send(cast.client("cem"), remove=answer["made"]).json()["errors"]
    assert model.objects.filter(name="Quagga", deleted_at=None).exists()


def test_references_of_a_block_are_found_by_name(cast: Cast, three: list[Any]) -> None:
    """A person by name; a name that nobody has is refused in its cell."""
    answer = send(cast.client("ana"), columns=["owner"], cells=cells(three, "owner", ["Cem Aydin", "Nobody", "ben moore"])).json()
    assert len(answer["errors"]) == 1 and answer["errors"][0]["text"] == "Nobody"
    assert answer["rows"][str(three[0].pk)]["cells"]["owner"].startswith("<") and "&lt;" not in str(answer["rows"])
    assert [fresh(one).owner_id for one in three] == [cast.cem.pk, cast.ben.pk, cast.ben.pk]


def test_a_paste_of_fifty_rows_costs_as_many_queries_as_one_of_five(cast: Cast) -> None:
    """Set-wise: looking, writing, logging and indexing once for all."""
    ctx = cast.ctx("ana")
    some = [make(ctx, "customer", name=f"P{i}", owner=cast.ana.pk) for i in range(50)]
    client = cast.client("ana")
    client.get("/customer/")
    counts = []
    for number, word in ((5, "x"), (50, "y")):
        block = [
            *cells(some[:number], "industry", [f"{word}{i}" for i in range(number)]),
            *cells(some[:number], "employees", [str(i + len(word) * number) for i in range(number)]),
            *cells(some[:number], "owner", ["Ben Moore" if word == "x" else "Cem Aydin"] * number),
        ]
        with CaptureQueriesContext(connection) as queries:
            answer = send(client, columns=["name", "industry", "owner"], cells=block).json()
        assert not answer["errors"] and len(answer["steps"]) == number * 3
        # SQLite takes the prepared UPDATE once per row (one executemany), PostgreSQL takes all rows in one statement.
        counts.append(sum(not q["sql"].startswith('UPDATE "customers_customer"') for q in queries) + 1)
    assert counts[0] == counts[1] == PASTE_QUERIES, counts


def test_one_cell_saves_refuses_and_tells_of_a_conflict(cast: Cast, three: list[Any]) -> None:
    """The control, the saved row, a sentence for a bad value, both values for a contested one."""
    ben, url = cast.client("ben"), f"/customer/{three[0].pk}/cell/employees"
    assert 'name="employees"' in ben.get(url).content.decode()
    answer = ben.post(url, {"employees": "12", "version": "1", "columns": "name,employees"})
    assert answer.json()["rows"][str(three[0].pk)]["cells"]["employees"] == "12" and fresh(three[0]).employees == 12
    bad = ben.post(url, {"employees": "many", "version": "2"})
    assert bad.status_code == 422 and bad.json()["typed"] == "many" and "number" in bad.json()["error"]
    cast.ctx("ana").write(fresh(three[0]), employees=99)
    both = ben.post(url, {"employees": "13", "version": "2", "columns": "employees"})
    assert both.status_code == 409 and "99" in both.json()["html"] and fresh(three[0]).employees == 99
    assert ben.post(f"/customer/{three[0].pk}/cell/created_at", {"created_at": "x"}).status_code == 403
    assert ben.get(f"/customer/{three[0].pk}/cell/nonsense").status_code == 404


def test_broken_and_oversized_blocks_change_nothing(cast: Cast, three: list[Any]) -> None:
    """What is no block is refused with a sentence."""
    ben = cast.client("ben")
    for body in ("", "[]", "7", '{"cells": [7]}', '{"cells": "x", "new": {"a": 1}, "versions": []}', "{" * 9):
        answer = ben.post("/customer/cells", body, content_type="application/json", headers=HTMX)
        assert answer.status_code in (200, 422), body
    many = cells(three[:1], "industry", ["X"]) * 10_001
    assert send(ben, cells=many).status_code == 422 and fresh(three[0]).version == 1


def test_peek_shows_who_it_is_and_nothing_hidden(cast: Cast) -> None:
    """A part for the drawer, a page for everybody without script."""
    ctx = cast.ctx("ana")
    deal = make(ctx, "deal", name="Big deal", amount="8765 EUR", owner=cast.ben.pk)
    ana = cast.client("ana").get(f"/deal/{deal.pk}/peek", headers=HTMX).content.decode()
    assert "Big deal" in ana and "8,765" in ana and "<html" not in ana
    hide_group(cast, "sales", "sales.amounts")
    assert "8,765" not in cast.client("ben").get(f"/deal/{deal.pk}/peek").content.decode()
