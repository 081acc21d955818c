"""The statements behind a page beside the same rows by SQL written by hand, both by the bare driver.

What is written by hand knows what the page is about to show and nothing of viewers, field groups or saved views. It must bring
the same rows in the same order, or the comparison is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection

from benchmarks.plans import Statement, raw_time

_CUSTOMER = ("SELECT id, version, name, stage, phones, industry, owner_id, last_contact_at, next_step, next_step_on, title_key, "
             "kind FROM customers_customer c WHERE workspace_id = %s AND deleted_at IS NULL ")  # fmt: skip
_IN_CORK = ("EXISTS (SELECT 1 FROM kernel_indexedvalue v WHERE v.workspace_id = %s AND v.type = 'customer' AND "
            "v.field = 'addresses' AND v.record_id = c.id AND v.key LIKE '%%cork%%')")  # fmt: skip
_DEALS = ("SELECT id, version, name, amount, amount_currency, customer_id, next_step, next_step_on, owner_id, moved_at, {sort} "
          "FROM sales_deal WHERE workspace_id = %s AND deleted_at IS NULL AND stage_id = %s {dated}"
          "ORDER BY {order} LIMIT {most}")  # fmt: skip


@dataclass(frozen=True)
class Twin:
    """What the page asks for its rows, and the same by hand."""

    #: Whether a statement of the page is among those that bring its rows.
    is_meant: Callable[[str], bool]
    #: From those statements to the hand-written ones.
    by_hand: Callable[[Sequence[Statement]], list[Statement]]


def _list(asked: Sequence[Statement]) -> list[Statement]:
    return [(f"{_CUSTOMER}ORDER BY title_key, id LIMIT 51", asked[0][1][:1])]


def _filtered(asked: Sequence[Statement]) -> list[Statement]:
    workspace = asked[0][1][0]
    industry = "industry LIKE 'Flying club'" if connection.vendor == "sqlite" else "upper(industry) = 'FLYING CLUB'"
    where = f"AND title_key LIKE '%%aero%%' AND {industry} AND {_IN_CORK} "
    return [(f"{_CUSTOMER}{where}ORDER BY title_key, id LIMIT 51", (workspace, workspace))]


def _story(asked: Sequence[Statement]) -> list[Statement]:
    sql = ("SELECT id, workspace_id, story_id, entry_type, entry_id, at FROM timeline_timelinelink "
           "WHERE workspace_id = %s AND story_id = %s ORDER BY at DESC, entry_id DESC LIMIT 31")  # fmt: skip
    return [(sql, (asked[0][1][2], asked[0][1][1]))]


def _board(asked: Sequence[Statement]) -> list[Statement]:
    found = []
    for sql, params in asked:
        columns, _from, where = sql.partition(" FROM ")
        sort = "close_on" if '"close_on"' in columns else "updated_at"
        dated, order = "", f"{sort}, id" if sort == "close_on" else f"{sort} DESC, id DESC"
        if '"close_on" IS NOT NULL' in where:
            dated = "AND close_on IS NOT NULL "
        elif '"close_on" IS NULL' in where:
            dated, order = "AND close_on IS NULL ", "id"
        text = _DEALS.format(sort=sort, dated=dated, order=order, most=sql.rpartition("LIMIT ")[2].strip())
        found.append((text, (params[0], params[2])))
    return found


#: By the name of the page (benchmarks/million.py). The search stands alone: it is written by hand already.
TWINS = {
    "list": Twin(lambda sql: 'FROM "customers_customer"' in sql and sql.endswith("LIMIT 51"), _list),
    "list filtered by city, industry and name part": Twin(
        lambda sql: 'FROM "customers_customer"' in sql and sql.endswith("LIMIT 51"), _filtered
    ),
    "record page, 10,000 entries": Twin(lambda sql: 'FROM "timeline_timelinelink"' in sql and sql.endswith("LIMIT 31"), _story),
    "board of 5,000 open": Twin(
        lambda sql: ' FROM "sales_deal" WHERE' in sql and '"moved_at"' in sql and "LIMIT" in sql, _board
    ),
}  # fmt: skip


def beside(name: str, statements: Sequence[Statement]) -> tuple[float, float]:
    """Milliseconds of a page's own question for its rows, and of the same by hand. Raises KeyError for a page without a twin,
    RuntimeError when the rows differ."""
    twin = TWINS[name]
    asked = [one for one in statements if twin.is_meant(one[0])]
    by_hand = twin.by_hand(asked)
    if not asked or _rows(asked) != _rows(by_hand):
        raise RuntimeError(f"{name}: written by hand it brings other rows")
    return raw_time(asked), raw_time(by_hand)


def _rows(statements: Sequence[Statement]) -> list[tuple[str, ...]]:
    """What each row holds, whatever the order of its columns."""
    found = []
    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found += [tuple(sorted(map(str, row))) for row in cursor.fetchall()]
    return found
