"""Sorting by several keys: every row once, in order, empty values last; ties of any size at a bounded price."""

from __future__ import annotations

import datetime as dt
import random
from functools import cmp_to_key
from uuid import UUID

import pytest

from rapport.kernel.access.models import Role
from rapport.kernel.errors import Invalid
from rapport.kernel.money import Money
from rapport.kernel.query import ordering
from rapport.kernel.query.read import Row, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group

SORTS = ["-amount,name", "amount,-close_on,name", "close_on,-amount", "-close_on,amount,created_at", "name,amount", "opened_on,close_on",
         "c_grade,-amount", "-amount,c_grade", "-c_grade,name", "name,-c_grade", "close_on,c_grade,-amount", "c_grade,-c_size"]


def _fill(cast: Cast, count: int = 60) -> None:
    draw = random.Random(4)
    cast.ctx("ana").create("custom_field", label="Grade", on_type="deal", kind="choice", choices="A\nB\nC", is_fast=True)
    cast.ctx("ana").create("custom_field", label="Size", on_type="deal", kind="number", is_fast=True)
    stage = first_stage_id()
    rows = [
        {
            "name": f"Deal {draw.randrange(8)}", "stage": stage, "owner": draw.choice([cast.ana, cast.ben]).pk,
            "amount": draw.choice([None, Money(100, "EUR"), Money(250, "EUR"), Money(900, "EUR")]),
            "close_on": draw.choice([None, dt.date(2027, 1, 5), dt.date(2027, 3, 1)]), "opened_on": dt.date(2026, 1, 1),
            "c_grade": draw.choice([None, "A", "B", "C"]), "c_size": draw.choice([None, 9, 10, 100]),
        }
        for _n in range(count)
    ]  # fmt: skip
    assert not cast.ctx("ana").create_many("deal", rows).errors


def _walked(cast: Cast, who: str, sort: str, *, limit: int = 7, where: str = "") -> list[Row]:
    ctx, info, found, cursor = cast.ctx(who), registry.get("deal"), [], ""
    keys = [key.lstrip("-") for key in sort.split(",")]
    while True:
        page = read_page(ctx, info, sort=sort, limit=limit, cursor=cursor, fields=[*keys, "name"], where=parse(where))
        found += page.rows
        if not page.next:
            return found
        cursor = page.next


def _in_order(rows: list[Row], sort: str) -> list[UUID]:
    def compare(one: Row, other: Row) -> int:
        for text in sort.split(","):
            a, b = one.values[text.lstrip("-")], other.values[text.lstrip("-")]
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            a, b = (a.minor, b.minor) if isinstance(a, Money) and isinstance(b, Money) else (a, b)
            return (1 if a > b else -1) * (-1 if text.startswith("-") else 1)  # type: ignore[operator]
        later = one.id > other.id
        return (1 if later else -1) * (-1 if sort.split(",")[-1].startswith("-") else 1)

    return [row.id for row in sorted(rows, key=cmp_to_key(compare))]


@pytest.mark.parametrize("few", [0, 3, 5_000], ids=["walked", "both", "at once"])
@pytest.mark.parametrize("who", ["ana", "ben"])
def test_pages_of_several_keys_follow_each_other_without_gap(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, few: int, who: str
) -> None:
    """Whatever the size of the ties and whoever asks: every row once, in the order of the keys, empty values last."""
    _fill(cast)
    if who == "ben":
        role = Role.objects.get(key="sales")
        Role.objects.filter(pk=role.pk).update(rights={**role.rights, "deal": {**role.rights["deal"], "view": "own"}})
    monkeypatch.setattr(ordering, "_FEW", few)
    for sort in SORTS:
        rows = _walked(cast, who, sort)
        ids = [row.id for row in rows]
        assert len(set(ids)) == len(ids) and (len(ids) == 60 if who == "ana" else 0 < len(ids) < 60), sort
        assert ids == _in_order(rows, sort), sort


def test_a_filter_narrows_what_several_keys_sort(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The condition that splits a page into parts (stages) and several keys get along."""
    _fill(cast)
    monkeypatch.setattr(ordering, "_FEW", 2)
    rows = _walked(cast, "ana", "close_on,-amount,name", where="stage.outcome is open and amount > 1")
    assert rows and [row.id for row in rows] == _in_order(rows, "close_on,-amount,name")
    assert all(row.values["amount"] is not None for row in rows)


def test_a_walk_past_too_many_rows_is_refused_with_the_remedy(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of one value that all lie at the far end of the second key are not walked to through the whole table."""
    _fill(cast)
    monkeypatch.setattr(ordering, "_FEW", 2)
    monkeypatch.setattr(ordering, "_WINDOW", 3)
    with pytest.raises(Invalid, match="Group the list by that value, or filter"):
        _walked(cast, "ana", "-amount,name", limit=50)
    # An export goes all the way instead of breaking off in the middle of a file.
    page = read_page(cast.ctx("ana"), registry.get("deal"), sort="-amount,name", limit=50, verb="export")
    assert len(page.rows) == 50


@pytest.mark.parametrize("sort", ["name,amount,close_on,opened_on", "name,-name", "amount,note"])
def test_what_cannot_be_sorted_is_refused(cast: Cast, sort: str) -> None:
    """Three different fields at most, each with an index."""
    with pytest.raises(Invalid):
        read_page(cast.ctx("ana"), registry.get("deal"), sort=sort)


def test_a_hidden_field_is_unknown_as_any_key_and_a_foreign_cursor_is_refused(cast: Cast) -> None:
    """Not only the first key is guarded."""
    _fill(cast, 12)
    info = registry.get("deal")
    cursor = read_page(cast.ctx("ana"), info, sort="close_on,name", limit=5).next
    for wrong in ("bm9uc2Vuc2U", "W10", "WyJjbG9zZV9vbixuYW1lIixbMSwyXSwieCJd"):
        with pytest.raises(Invalid, match="page mark"):
            read_page(cast.ctx("ana"), info, sort="close_on,name", cursor=wrong)
    with pytest.raises(Invalid, match="page mark"):
        read_page(cast.ctx("ana"), info, sort="name,close_on", cursor=cursor or "")
    hide_group(cast, "sales", "sales.amounts")
    with pytest.raises(Invalid, match="has no field “amount”"):
        read_page(cast.ctx("ben"), info, sort="name,-amount")
