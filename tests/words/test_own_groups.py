"""Lists grouped by own fields, at once and past the cap: the same groups, and no walk over all records."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.query import ordering, totals
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast, hide_group
from tests.web.test_grouping import _heads, _unfold
from tests.web.test_list import names


def _fill(cast: Cast) -> None:
    """Customers with an own field of each kind that makes groups."""
    for label, kind, more in (
        ("Rank", "choice", {"choices": "High => Top\nLow", "is_fast": True}), ("Paid", "yesno", {"is_fast": True}),
        ("Due", "date", {"is_fast": True}), ("Keeper", "user", {}), ("Parent", "reference", {"to_type": "customer"}),
        ("Rare", "choice", {"choices": "X\nY"}),
    ):  # fmt: skip
        cast.ctx("ana").create("custom_field", label=label, on_type="customer", kind=kind, **more)
    ctx = cast.ctx("ana")
    top = ctx.create("customer", name="Aran", kind="company", c_rank="High", c_paid=True, c_due=dt.date(2027, 1, 5))
    ctx.create("customer", name="Bray", kind="company", c_rank="Low", c_paid=False, c_due=dt.date(2027, 2, 1), c_parent=top.pk)
    ctx.create(
        "customer", name="Cong", kind="company", c_rank="High", c_keeper=cast.ben.pk, c_due=dt.date(2027, 1, 31), c_rare="X"
    )


@pytest.mark.parametrize("cap", [10_000, 1], ids=["few", "past the cap"])
def test_groups_of_own_fields(cast: Cast, monkeypatch: pytest.MonkeyPatch, cap: int) -> None:
    """Choices by their names, yes and no, months, people and records; the same however many records there are."""
    _fill(cast)
    client, only = cast.client("ana"), "filter=name+is+Aran+or+name+is+Bray+or+name+is+Cong"
    monkeypatch.setattr(totals, "COUNT_CAP", cap)
    if cap == 1:
        monkeypatch.setattr(totals.count, "__kwdefaults__", {"cap": 1})

    def labels(by: str) -> list[str]:
        return [label for label, _n in _heads(client, f"/customer/?group={by}&{only}")]

    assert [one for one in labels("c_rank") if one != "No Rank"] == ["Top", "Low"]
    assert labels("c_paid")[:2] == ["Yes", "No"]
    assert [one for one in labels("c_due") if one != "No Due"] == ["February 2027", "January 2027"]
    assert labels("c_keeper") == ["Ben Moore", "No Keeper"] and labels("c_parent") == ["Aran", "No Parent"]
    assert names(_unfold(client, f"/customer/?group=c_due&sort=name&{only}", "January 2027")) == ["Aran", "Cong"]
    assert names(_unfold(client, f"/customer/?group=c_rank&sort=name&{only}", "Top")) == ["Aran", "Cong"]
    slow = client.get(f"/customer/?group=c_rare&{only}")
    assert (slow.status_code, "sorted and filtered often" in slow.content.decode()) == ((200, False) if cap > 1 else (422, True))


def test_a_hidden_own_field_makes_no_groups(cast: Cast) -> None:
    """Neither its values nor its name come out, and other people's records are not counted."""
    cast.ctx("ana").create(
        "custom_field", label="Rank", on_type="customer", kind="choice", choices="A\nB", field_group="sales.amounts"
    )
    cast.ctx("ana").create("customer", name="Aran", kind="company", c_rank="A")
    hide_group(cast, "sales", "sales.amounts")
    page = cast.client("ben").get("/customer/?group=c_rank")
    assert page.status_code == 422 and "Rank" not in page.content.decode()


def test_sorting_by_an_own_field_and_another_goes_along_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among many the first key is walked along its index; the rest is the order within one value."""
    _fill(cast)
    monkeypatch.setattr(ordering, "_FEW", 0)
    ctx = cast.ctx("ana")
    with CaptureQueriesContext(connection) as asked:
        page = read_page(
            ctx, registry.get("customer"), sort="c_rank,-name", where=parse("c_rank is not empty"), fields=["name"], limit=2
        )
    assert [row.values["name"] for row in page.rows] == ["Cong", "Aran"] and page.next
    walks = [one["sql"] for one in asked if one["sql"].startswith('SELECT "kernel_indexedvalue"') and "ORDER BY" in one["sql"]]
    assert walks and "LIMIT" in walks[0]
    _demand_no_sort(walks[0])


def _demand_no_sort(statement: str) -> None:
    """The database answers it in the order of an index."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + statement)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "indexedvalue" in plan and "USE TEMP B-TREE" not in plan and "Sort" not in plan


def test_leaps_go_along_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the cap the values are found by leaps along the keys: no statement sorts or scans all of them."""
    _fill(cast)
    monkeypatch.setattr(totals, "COUNT_CAP", 1)
    monkeypatch.setattr(totals.count, "__kwdefaults__", {"cap": 1})
    with CaptureQueriesContext(connection) as asked:
        assert cast.client("ana").get("/customer/?group=c_keeper").status_code == 200
    leaps = [one["sql"] for one in asked if "kernel_indexedvalue" in one["sql"] and "ORDER BY" in one["sql"]]
    assert leaps
    _demand_no_sort(leaps[0])
