"""How many records there are and what they add up to, up to a cap: of a list, of each column of a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet, Sum

from rapport.kernel.access import gate
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Counts stop here; nobody needs to know that a list has 1,000,000 rows to the last one.
COUNT_CAP = 10_000


@dataclass
class Totals:
    """Capped count and sums of a filtered list."""

    count: int
    capped: bool
    sums: dict[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """"86" or "10,000+"."""
        return f"{self.count:,}+" if self.capped else f"{self.count:,}"


def count(ctx: Context, rows: QuerySet, *, cap: int = COUNT_CAP) -> Totals:
    """How many rows there are, up to the cap."""
    found = rows.order_by().values("pk")[: cap + 1].count()
    return Totals(min(found, cap), found > cap)


def totals(ctx: Context, info: TypeInfo, rows: QuerySet, *, cap: int = 0) -> Totals:
    """Count up to the cap, and the sums of fields that show one, in one query; no sums beyond the cap."""
    sums, cap = [f for f in gate.fields(ctx, info).values() if f.total == "sum"], cap or COUNT_CAP
    if not sums:
        return count(ctx, rows, cap=cap)
    paths = {f.key: total_path(f) for f in sums}
    inner = annotated(rows, sums).order_by().values("pk", *paths.values())[: cap + 1]
    got = inner.aggregate(n=Count("pk"), **{f"sum_{key}": Sum(path) for key, path in paths.items()})
    if got["n"] > cap:
        return Totals(cap, True)
    return Totals(got["n"], False, {f.key: in_base(ctx, f, got[f"sum_{f.key}"]) for f in sums})


def total_path(field: Field) -> str:
    """The column that sums add up: the amount in the workspace's currency for money."""
    if field.source == "computed":
        return field.key
    return getattr(field.kind, "total_path", lambda path: path)(field.path)


def in_base(ctx: Context, field: Field, summed: object) -> object:
    """A sum as a value of the field's kind (money in the workspace's currency)."""
    make = getattr(field.kind, "from_total", None)
    return make(summed, ctx.format.currency) if make else summed


def annotated(rows: QuerySet, fields: Sequence[Field]) -> QuerySet:
    """The rows with the values that fields compute."""
    computed = {f.key: f.expression for f in fields if f.source == "computed"}
    return rows.annotate(**computed) if computed else rows
