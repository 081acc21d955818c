"""Which records a rule falls due for: two walks along indexes, then the exact test on what they bring.

1. By the clock: records whose date lies where the time since the last run makes the rule due (the date's own index, the
   id for the day of creation, keys of the value index for the rest).
2. By what was changed since the last run: a date that was set late, a record that meets the condition only now.

Both bring ids; date, condition and the reader's rights are then asked through the gate, 200 records at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from rapport.engines.followups.indexing import index_key, index_name
from rapport.engines.followups.plan import Plan
from rapport.engines.followups.registry import kept_keys, the_work
from rapport.engines.followups.timing import Occasion, days_due, occasions, span
from rapport.kernel.access import gate
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import Row, read_page

if TYPE_CHECKING:
    from rapport.kernel.context import Context

BATCH = 200
#: Entries of an index read at once.
_WALK = 1_000
#: A transaction that began so long before it was committed may bring records with an older time of change.
_SLOW = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Due:
    """One record on one occasion."""

    row: Row
    occasion: Occasion


def due(ctx: Context, plan: Plan, *, starts: dt.datetime, reached: dt.datetime, now: dt.datetime) -> Iterator[list[Due]]:
    """Batches of what is due for a rule that watches since `starts` and has come to `reached`; some may come twice."""
    for ids in _gathered(_by_clock(ctx, plan, reached, now)):
        yield _exactly(ctx, plan, ids, reached, now)
    if reached > starts:
        for ids in _changed(ctx, plan, reached - _SLOW, *span(plan, starts, now, ctx.format.zone)):
            yield _exactly(ctx, plan, ids, starts, now)


def _gathered(some: Iterator[list[UUID]]) -> Iterator[list[UUID]]:
    """The ids in batches that are full."""
    held: list[UUID] = []
    for ids in some:
        held += ids
        while len(held) >= BATCH:
            yield held[:BATCH]
            held = held[BATCH:]
    if held:
        yield held


def _exactly(ctx: Context, plan: Plan, ids: list[UUID], starts: dt.datetime, now: dt.datetime) -> list[Due]:
    """The occasions among these records, of those the runner sees and that meet the condition."""
    base = gate.visible(ctx, plan.info).filter(pk__in=ids)
    wanted = {plan.field.key, plan.info.declared.title, "owner", "team", "created_at", *the_work().reads}
    page = read_page(ctx, plan.info, where=plan.where, base=base, fields=sorted(wanted), limit=BATCH)
    found = []
    for row in page.rows:
        value = row.values.get(plan.field.key)
        if value is None and plan.mode == "quiet":
            value = row.values.get("created_at")
        if isinstance(value, dt.date):
            found += [Due(row, one) for one in occasions(plan, value, starts, now, ctx.format.zone)]
    return found


# -- by the clock -----------------------------------------------------------------------------------------------------


def _by_clock(ctx: Context, plan: Plan, reached: dt.datetime, now: dt.datetime) -> Iterator[list[UUID]]:
    """Ids of the records whose date falls due in the time since the last run, of any record: the gate comes after."""
    zone = ctx.format.zone
    low, high = span(plan, reached, now, zone)

    def hits(got: list[tuple[UUID, object]]) -> list[UUID]:
        return [pk for pk, value in got if isinstance(value, dt.date) and occasions(plan, value, reached, now, zone)]

    if not plan.is_indexed:
        yield from _by_keys(ctx, plan, reached, now)
        return
    rows = gate.unscoped_rows(ctx, plan.info)
    if plan.field.sort_path == "id":
        yield from map(hits, _created(rows, low, high))
        return
    yield from map(hits, _walked(rows, plan, low, high))
    if plan.mode == "quiet":
        yield from map(hits, _created(rows.filter(**{f"{plan.field.path}__isnull": True}), low, high))


def _walked(rows: QuerySet, plan: Plan, low: dt.datetime, high: dt.datetime) -> Iterator[list[tuple[UUID, object]]]:
    """Along the index of the date's own column."""
    path = plan.field.path
    first, last = ends_of(plan, low, high)
    within, after = rows.filter(**{f"{path}__gte": first, f"{path}__lte": last}), Q()
    while got := list(within.filter(after).order_by(path, "pk").values_list("pk", path)[:_WALK]):
        yield got
        pk, value = got[-1]
        after = Q(**{f"{path}__gte": value}) & (Q(**{f"{path}__gt": value}) | Q(pk__gt=pk))


def ends_of(plan: Plan, low: dt.datetime, high: dt.datetime) -> tuple[dt.date, dt.date]:
    """The ends of a span as values of the field."""
    return (low, high) if plan.field.kind.key == "datetime" else (low.date(), high.date())


def _created(rows: QuerySet, low: dt.datetime, high: dt.datetime) -> Iterator[list[tuple[UUID, object]]]:
    """By creation: ids sort by it."""
    last, end = first_id(low), first_id(high)
    while got := list(rows.filter(pk__gt=last, pk__lt=end).order_by("pk").values_list("pk", "created_at")[:_WALK]):
        yield got
        last = got[-1][0]


def first_id(moment: dt.datetime) -> UUID:
    """The smallest id that could have been made at a moment."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def _by_keys(ctx: Context, plan: Plan, reached: dt.datetime, now: dt.datetime) -> Iterator[list[UUID]]:
    """Along the value index, for dates without an index of their own."""
    name = kept_keys(plan.info.key, plan.field.key, plan.mode) or index_name(plan.field.key, plan.mode)
    rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=plan.info.key, field=name)
    if plan.mode == "yearly":
        spans = [rows.filter(key=day) for day in days_due(plan, reached, now, ctx.format.zone)]
    else:
        first, last = (index_key(at, plan.mode) for at in ends_of(plan, *span(plan, reached, now, ctx.format.zone)))
        spans = [rows.filter(key__gte=first, key__lte=last)]
    for within in spans:
        after = Q()
        while got := list(within.filter(after).order_by("key", "record_id").values_list("key", "record_id")[:_WALK]):
            yield list(dict.fromkeys(pk for _key, pk in got))
            key, pk = got[-1]
            after = Q(key__gte=key) & (Q(key__gt=key) | Q(record_id__gt=pk))


# -- by what was changed ----------------------------------------------------------------------------------------------


def _changed(ctx: Context, plan: Plan, since: dt.datetime, low: dt.datetime, high: dt.datetime) -> Iterator[list[UUID]]:
    rows = gate.unscoped_rows(ctx, plan.info).filter(updated_at__gte=since)
    if plan.is_indexed and plan.field.sort_path != "id" and plan.mode != "quiet":
        first, last = ends_of(plan, low, high)
        rows = rows.filter(**{f"{plan.field.path}__gte": first, f"{plan.field.path}__lte": last})
    after = Q()
    while got := list(rows.filter(after).order_by("updated_at", "pk").values_list("pk", "updated_at")[:BATCH]):
        yield [pk for pk, _at in got]
        pk, at = got[-1]
        after = Q(updated_at__gte=at) & (Q(updated_at__gt=at) | Q(pk__gt=pk))
