"""Reading a board: one guarded aggregate for the column heads, one keyset page of cards per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from rapport.kernel.access import gate
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import Page, _annotated, in_base, read_page, total_path
from rapport.kernel.query.tree import Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class Column:
    """One column of a board: the record it stands for, how many cards it has in all, their sums, the first cards."""

    record: Record
    count: int = 0
    sums: dict[str, object] = field(default_factory=dict)
    page: Page | None = None


def read_board(
    ctx: Context, info: TypeInfo, columns: Sequence[Record], *, where: Node | None = None, limit: int = 50,
    fields: Sequence[str] = (), without_cards: frozenset[UUID] = frozenset(),
) -> list[Column]:  # fmt: skip
    """The board's columns for the given column records (stages of one pipeline), in their order."""
    board = info.declared.board
    assert board is not None
    path = info.fields[board.by].path
    rows = gate.visible(ctx, info)
    if where is not None:
        rows = rows.filter(compile_filter(ctx, info, where))
    sums = [f for f in gate.fields(ctx, info).values() if f.total == "sum"]
    heads = _heads(ctx, rows.filter(**{f"{path}__in": [c.pk for c in columns]}), path, sums)
    found = []
    for record in columns:
        count, summed = heads.get(record.pk, (0, {}))
        column = Column(record, count, summed)
        if count and record.pk not in without_cards:
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
    base = gate.visible(ctx, info).filter(**{info.fields[board.by].path: column})
    keys = list(dict.fromkeys([*board.card, *fields]))
    return read_page(ctx, info, where=where, sort=board.sort, fields=keys, limit=limit, cursor=cursor, base=base)


def _heads(
    ctx: Context, rows: QuerySet, path: str, sums: Sequence[Field]
) -> dict[UUID, tuple[int, dict[str, object]]]:
    """Count and sums per column in one grouped query."""
    rows = _annotated(rows, sums)
    grouped = rows.order_by().values(path).annotate(
        n=Count("pk"), **{f"sum_{f.key}": Sum(total_path(f)) for f in sums}
    )
    return {
        one[path]: (one["n"], {f.key: in_base(ctx, f, one[f"sum_{f.key}"]) for f in sums}) for one in grouped
    }
