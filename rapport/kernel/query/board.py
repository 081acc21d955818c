"""Reading a board: one guarded aggregate for the column heads, one keyset page of cards per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.reaching import listed
from rapport.kernel.query.read import Page, read_page, totals
from rapport.kernel.query.tree import Node
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class Column:
    """One column of a board: the record it stands for, how many cards it has in all, their sums, the first cards.

    Past the cap of all counts it has at least that many cards, and no sums (as the totals of a list).
    """

    record: Record
    count: int = 0
    sums: dict[str, object] = field(default_factory=dict)
    page: Page | None = None
    is_capped: bool = False

    @property
    def text(self) -> str:
        """The count as lists write it: "86" or "10,000+"."""
        return f"{self.count:,}+" if self.is_capped else f"{self.count:,}"


def read_board(
    ctx: Context, info: TypeInfo, columns: Sequence[Record], *, where: Node | None = None, limit: int = 50,
    fields: Sequence[str] = (), without_cards: frozenset[UUID] = frozenset(),
) -> list[Column]:  # fmt: skip
    """The board's columns for the given column records (stages of one pipeline), in their order."""
    board = info.declared.board
    assert board is not None
    path = info.fields[board.by].path
    rows = listed(ctx, info)
    if where is not None:
        rows = rows.filter(compile_filter(ctx, info, where))
    found = []
    for record in columns:
        column = _head(ctx, info, record, rows.filter(**{path: record.pk}))
        if column.count and record.pk not in without_cards:
            column.page = read_column(ctx, info, record.pk, where=where, limit=limit, fields=fields)
        found.append(column)
    return found


def read_column(
    ctx: Context, info: TypeInfo, column: UUID, *, where: Node | None = None, limit: int = 50,
    fields: Sequence[str] = (), cursor: str = "",
) -> Page:  # fmt: skip
    """One page of a column's cards."""
    board = info.declared.board
    assert board is not None
    base = listed(ctx, info).filter(**{info.fields[board.by].path: column})
    keys = list(dict.fromkeys([*board.card, *fields]))
    return read_page(ctx, info, where=where, sort=board.sort, fields=keys, limit=limit, cursor=cursor, base=base)


def _head(ctx: Context, info: TypeInfo, record: Record, rows: QuerySet) -> Column:
    """Count and sums of one column, up to the cap: the won deals of ten years would cost more than all their cards."""
    found = totals(ctx, info, rows)
    return Column(record, found.count, found.sums, is_capped=found.capped)
