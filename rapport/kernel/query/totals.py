"""How many records there are and what they add up to, up to a cap: of a list, of each column of a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet, Sum

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
    sums, cap = _summed(ctx, info), cap or COUNT_CAP
    if not sums:
        return count(ctx, rows, cap=cap)
    got = _capped(rows, sums, cap=cap).aggregate(n=Count("pk"), **{name: Sum(path) for name, path in _sums(sums).items()})
    if got["n"] > cap:
        return Totals(cap, True)
    return _as_totals(ctx, sums, got)


def totals_by(ctx: Context, info: TypeInfo, rows: QuerySet, path: str, keys: Sequence[object]) -> list[Totals] | None:
    """The totals of the rows with each of the `keys` in a column, in one query; None when all of them together go beyond
    the cap."""
    sums = _summed(ctx, info)
    adding = _sums(sums)
    wanted: dict[str, object] = {}
    for at, key in enumerate(keys):
        mine = Q(**{path: key})
        wanted[f"n_{at}"] = Count("pk", filter=mine)
        wanted |= {f"{name}_{at}": Sum(column, filter=mine) for name, column in adding.items()}
    got = _capped(rows.filter(**{f"{path}__in": list(keys)}), sums, path).aggregate(**wanted)
    each = [{name: got[f"{name}_{at}"] for name in ("n", *adding)} for at in range(len(keys))]
    return [_as_totals(ctx, sums, one) for one in each] if sum(one["n"] for one in each) <= COUNT_CAP else None


def _summed(ctx: Context, info: TypeInfo) -> list[Field]:
    return [f for f in gate.fields(ctx, info).values() if f.total == "sum"]


def _capped(rows: QuerySet, sums: Sequence[Field], *more: str, cap: int = 0) -> QuerySet:
    return annotated(rows, sums).order_by().values("pk", *more, *[total_path(f) for f in sums])[: (cap or COUNT_CAP) + 1]


def _sums(sums: Sequence[Field]) -> dict[str, str]:
    """The column that each sum adds up, by the name of the sum."""
    return {f"sum_{f.key}": total_path(f) for f in sums}


def _as_totals(ctx: Context, sums: Sequence[Field], got: Mapping[str, object]) -> Totals:
    return Totals(got["n"], False, {f.key: in_base(ctx, f, got[f"sum_{f.key}"]) for f in sums})  # type: ignore[arg-type]


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
