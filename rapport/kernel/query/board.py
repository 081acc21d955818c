"""Reading a board: one guarded aggregate for the column heads, one keyset page of cards per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.reaching import listed, narrowed
from rapport.kernel.query.read import Page, read_page
from rapport.kernel.query.totals import totals
from rapport.kernel.query.tree import All, Node
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Columns that are folded (won, lost) are counted so far.
FOLDED_CAP = 1_000


@dataclass
class Column:
    """One column of a board: the record (or choice) it stands for, how many cards it has in all, their sums, the first cards.

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
    fields: Sequence[str] = (), folded: frozenset[UUID] = frozenset(),
) -> list[Column]:  # fmt: skip
    """The board's columns for the given column records (stages of one pipeline), in their order. `folded` ones have no cards
    and are counted to a thousand; with `limit` 0 none has cards."""
    found = _heads(ctx, info, columns, where, folded)
    for column in found:
        if limit and column.count and column.record.pk not in folded:
            column.page = read_column(ctx, info, column.record, where=where, limit=limit, fields=fields)
    return found


def read_column(
    ctx: Context, info: TypeInfo, column: Record, *, where: Node | None = None, limit: int = 50,
    fields: Sequence[str] = (), cursor: str = "",
) -> Page:  # fmt: skip
    """One page of a column's cards."""
    board = info.declared.board
    assert board is not None
    keys = list(dict.fromkeys([*board.card, *fields]))
    if node := getattr(column, "node", None):
        # The list's own ways find what a choice has.
        where = node if where is None else All((where, node))
        return read_page(ctx, info, where=where, sort=board.sort, fields=keys, limit=limit, cursor=cursor)
    base = narrowed(ctx, info).filter(**{info.fields[board.by].path: column.pk})
    return read_page(ctx, info, where=where, sort=board.sort, fields=keys, limit=limit, cursor=cursor, base=base)


def _heads(
    ctx: Context, info: TypeInfo, columns: Sequence[Record], where: Node | None, folded: frozenset[UUID]
) -> list[Column]:
    """Count and sums of each column, up to the cap: the won deals of ten years would cost more than all their cards.

    A question for each column: asked about four stages at once, SQLite began with all stages and read every won deal
    (measured at 1,000,000 customers: 156 ms).
    """
    board = info.declared.board
    assert board is not None
    path, matching = info.fields[board.by].path, compile_filter(ctx, info, where) if where is not None else Q()
    found = []
    for record in columns:
        is_folded = record.pk in folded
        here = getattr(record, "condition", None) or Q(**{path: record.pk})
        rows = (listed if is_folded else narrowed)(ctx, info).filter(matching, here)
        one = totals(ctx, info, rows, cap=FOLDED_CAP if is_folded else 0)
        found.append(Column(record, one.count, one.sums, is_capped=one.capped))
    return found
