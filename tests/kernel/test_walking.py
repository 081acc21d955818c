"""Sorted pages stay right however they are found: from few hits, by walking past a fence, or merged from parts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.context import Context
from rapport.kernel.query import board, walking
from rapport.kernel.query import totals as totalling
from rapport.kernel.query.board import read_board
from rapport.kernel.query.read import filtered, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.query.totals import totals
from rapport.kernel.records.registry import registry
from tests.cast import Cast

WORDS = ("tags has vip", "not tags has vip", "tags is empty", "addresses contains cork", "addresses contains ireland",
         "emails contains @blue", 'emails contains "8@green.ex"', "name contains air", "not name contains kestrel", 'name ends with "7"',
         "phones is empty and name contains air", "tags has vip or name contains kestrel")  # fmt: skip


def fill(ctx: Context) -> None:
    """Sixty customers, every third with a tag, every fourth in Cork."""
    ctx.create_many("customer", [
        {
            "name": f"{'Kestrel Air' if n % 5 else 'Heron Airways'} {n}", "tags": ["vip"] if n % 3 == 0 else None,
            "addresses": [{"city": "Cork" if n % 4 == 0 else "Sligo", "country": "IE"}] if n % 7 else None,
            "emails": f"a{n}@{'blue' if n % 2 else 'green'}.example",
        }
        for n in range(60)
    ])  # fmt: skip


def names(ctx: Context, text: str, sort: str = "name", type_key: str = "customer", limit: int = 7) -> list[object]:
    """Every title of a filtered list, walked page by page."""
    found, cursor = [], ""
    while True:
        page = read_page(ctx, registry.get(type_key), where=parse(text), sort=sort, limit=limit, cursor=cursor)
        found += [row["name"] for row in page.rows]
        if not page.next:
            return found
        cursor = page.next


@pytest.mark.parametrize("text", WORDS)
def test_few_hits_and_walking_find_the_same(cast: Cast, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = cast.ctx("ana")
    fill(ctx)
    info = registry.get("customer")
    expected = list(filtered(ctx, info, parse(text)).order_by("title_key", "pk").values_list("name", flat=True))
    few = names(ctx, text)
    monkeypatch.setattr(walking, "FEW", 2)
    monkeypatch.setattr("rapport.kernel.query.compile.few_containing", lambda *args, **more: None)
    assert names(ctx, text) == few == expected and expected


def test_a_city_is_found_however_much_else_a_customer_has(cast: Cast) -> None:
    """What a filter looks up in the word index is not cut off there."""
    ctx = cast.ctx("ana")
    many = [{"city": f"{'Llanfair' * 12} {n}", "street": "x" * 100, "region": "y" * 100} for n in range(9)]
    emails = [f"{'a' * 60}{n}@example.com" for n in range(20)]
    record = ctx.create("customer", name="Everywhere Ltd", emails=emails, addresses=[*many, {"city": "Zarautz"}])
    page = read_page(ctx, registry.get("customer"), where=parse("addresses contains zarautz"), sort="name", limit=5)
    assert [row.id for row in page.rows] == [record.id]


def test_deals_of_open_stages_are_merged_in_order(cast: Cast) -> None:
    """All pages of all orders equal the plain query, with empty values last and ties kept apart."""
    ctx = cast.ctx("ana")
    stages = list(registry.get("stage").model.objects.order_by("position"))
    day = dt.date(2026, 5, 1)
    ctx.create_many("deal", [
        {"name": f"Deal {n:02}", "stage": stages[n % 6].pk, "amount": 100 * (n % 4), "reason": "x",
         "close_on": None if n % 5 == 0 else day + dt.timedelta(days=n % 3)}
        for n in range(48)
    ])  # fmt: skip
    info = registry.get("deal")
    where = "stage.outcome is open"
    rows = list(filtered(ctx, info, parse(where)).values_list("name", "close_on", "pk"))
    dated, empty = [r for r in rows if r[1]], sorted((r for r in rows if not r[1]), key=lambda r: r[2])
    for sort, down in (("close_on", False), ("-close_on", True)):
        expected = [*sorted(dated, key=lambda r: (r[1], r[2]), reverse=down), *empty]
        assert names(ctx, where, sort, "deal", 5) == [r[0] for r in expected]
    assert names(ctx, where, "", "deal", 5) == [r[0] for r in sorted(rows, key=lambda r: r[2], reverse=True)]
    with CaptureQueriesContext(connection) as seen:
        read_page(ctx, info, where=parse(where), sort="close_on")
    assert sum("ORDER BY" in q["sql"] and "LIMIT 51" in q["sql"] for q in seen) >= 4  # one for each open stage


def test_what_cannot_be_split_is_not(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    info = registry.get("customer")
    from rapport.kernel.query.compile import compile_filter

    for text, path in (("stage is any of (lead, customer)", "industry"), ("owner is me", "title_key"), ("stage is lead", "id")):
        assert walking.parts(ctx, info, parse(text), path, compile_filter) == []
    lead = registry.get("lead")
    assert len(walking.parts(ctx, lead, parse("state is any of (new, working)"), "id", compile_filter)) == 2
    # Within "or" a split would lose rows.
    assert walking.parts(ctx, lead, parse("state is any of (new, working) or name is x"), "id", compile_filter) == []
    assert walking.parts(ctx, lead, parse("not state is any of (new, working)"), "id", compile_filter) == []


def test_a_long_column_is_capped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the cap a column says "at least", and sums nothing, like the totals of a list."""
    ctx = cast.ctx("ana")
    stages = list(registry.get("stage").model.objects.order_by("position"))
    ctx.create_many("deal", [{"name": f"D {n}", "stage": stages[n % 2].pk, "amount": 100} for n in range(9)])
    info = registry.get("deal")
    first, second = read_board(ctx, info, stages[:2])
    assert (first.count, second.count, first.text, first.is_capped) == (5, 4, "5", False)
    assert first.sums["amount"].minor == 50_000 and first.sums["weighted"].minor == 5_000
    monkeypatch.setattr(totalling, "COUNT_CAP", 4)
    first, second = board.read_board(ctx, info, stages[:2])
    assert (first.count, first.is_capped, first.text, first.sums) == (4, True, "4+", {})
    assert not second.is_capped and second.sums["amount"].minor == 40_000
    assert totals(ctx, info, filtered(ctx, info)).text == "4+"
