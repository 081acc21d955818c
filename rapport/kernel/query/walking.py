"""Keeping sorted pages quick at any size: which condition is answered from its few hits, which while walking the order.

A page of a sorted list can be found in two ways: find every match and sort, or walk the sort's index and test row by
row until the page is full. The first is right for rare matches, the second for common ones, and planners guess badly
for text and value lookups (measured at 100,000 customers: 190 ms for a city where 12 ms would do). So a lookup is
asked for its first hits: when these are all, their ids are the condition; otherwise the condition is fenced, so that
no planner can turn it into a join that needs a sort.

Conditions that leave a few values of one column (deals in open stages) are split: the index that begins with that
column serves each value in the list's own order, and the parts are merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)  # fmt: skip

from rapport.kernel.access import gate
from rapport.kernel.query.tree import All, Node, Test
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import KeyField, is_indexed
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

Compiler = Callable[["Context", TypeInfo, Node], Q]
Raw = tuple[object, ...]
#: Hits that are fetched and sorted rather than walked to: fetching so many rows takes about as long as walking past
#: the rows between them.
FEW = 2_000
#: Parts that a page may be merged from.
_PARTS = 8


def fenced(condition: Q) -> Q:
    """The same condition, opaque to the planner: tested row by row, and expected to match often."""
    return Q(Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField()))


def walked(hits: QuerySet) -> Q:
    """Records that a lookup table (with `record_id`) has a hit for, as a condition of a sorted page."""
    few = list(hits.order_by().values_list("record_id", flat=True)[: FEW + 1])
    return Q(pk__in=set(few)) if len(few) <= FEW else _tested(hits)


def walked_among(hits: QuerySet, among: Sequence[UUID] | None) -> Q:
    """The same where another index knows all records that may have a hit; None when it says that they are too many."""
    return _tested(hits) if among is None else walked(hits.filter(record_id__in=among))


def _tested(hits: QuerySet) -> Q:
    return fenced(Q(Exists(hits.filter(record_id=OuterRef("pk")))))


def parts(ctx: Context, info: TypeInfo, node: Node | None, path: str, compiled: Compiler) -> list[Q]:
    """Conditions that split a page sorted by `path` so that an index serves each part; empty for no split."""
    column = info.model._meta.get_field(path)
    if isinstance(column, (CharField, TextField)) and not isinstance(column, KeyField):
        return []  # words sort by the database's own rules there, which a merge cannot repeat
    for test in _conjuncts(node):
        field = gate.fields(ctx, info).get(test.path[0])
        if field is None or field.source != "column" or not _served(info, field, path):
            continue
        values = _few_values(ctx, field, test, compiled)
        if values is not None and 1 <= len(values) <= _PARTS:
            return [Q(**{field.path: value}) for value in values]
    return []


def merged(found: Sequence[Sequence[Raw]], at: int | None, *, down: bool, wanted: int) -> list[Raw]:
    """The first rows of several pages in one order: by the value at a place (by id for None), empty ones last."""
    every = [row for some in found for row in some]
    if at is None:
        return sorted(every, key=lambda row: row[0], reverse=down)[:wanted]  # type: ignore[arg-type, return-value]
    full = sorted((r for r in every if r[at] is not None), key=lambda r: (r[at], r[0]), reverse=down)  # type: ignore[arg-type, return-value]
    empty = sorted((r for r in every if r[at] is None), key=lambda r: r[0])  # type: ignore[arg-type, return-value]
    return [*full, *empty][:wanted]


def _conjuncts(node: Node | None) -> Iterator[Test]:
    """The tests that every row of the page must meet."""
    for item in node.items if isinstance(node, All) else (node,):
        if isinstance(item, Test):
            yield item


def _served(info: TypeInfo, field: Field, path: str) -> bool:
    """Whether an index begins with the field and goes on in the order of the page."""
    return is_indexed(info.model, "workspace", field.key, *(["id"] if path == "id" else [path, "id"]))


def _few_values(ctx: Context, field: Field, test: Test, compiled: Compiler) -> list[object] | None:
    """The few values of the column that the test leaves, None when it is of another sort."""
    if len(test.path) == 2 and field.to in registry:
        target = registry.get(field.to)
        inner = compiled(ctx, target, Test(test.path[1:], test.op, test.value))
        return list(gate.visible(ctx, target).filter(inner).values_list("pk", flat=True)[: _PARTS + 1])
    if len(test.path) == 1 and test.op == "in" and field.kind.key == "choice" and isinstance(test.value, tuple):
        cleaning = ctx.cleaning()
        return list(dict.fromkeys(field.kind.operand(value, cleaning) for value in test.value))
    return None
