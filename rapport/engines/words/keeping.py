"""Keeping calculated values right: in the transaction of every write, set-wise, and exact when several write at once.

A roll-up first locks the kept value of the parent and then looks at its children: whoever comes second waits, and sees what
the first has written. Values stand in a table of their own, so nobody who is editing the parent is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Max, Min, Sum

from rapport.engines.words.formulas import Value, value_of
from rapport.engines.words.models import KeptValue
from rapport.engines.words.plan import Step, plan_of
from rapport.kernel.access import gate
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written
from rapport.kernel.custom.keys import sort_key, worth
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.kinds.base import Kind
from rapport.kernel.money import Money, minor_digits
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.own_order import keyed
from rapport.kernel.query.read import read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_SOME = 500
#: A chain of calculated fields is followed so far; definitions that form a ring are refused, so this is never met.
_DEEPEST = 20


@indexer
def keep_calculated(ctx: Context, written: list[Written]) -> None:
    """Calculate what follows from these writes."""
    plan = plan_of(ctx.workspace)
    if not plan.steps or not written:
        return
    system = ctx.as_system("calculated fields")
    by_type: dict[str, list[Written]] = {}
    for one in written:
        by_type.setdefault(one.info.key, []).append(one)
    for type_key, some in by_type.items():
        changed: set[str] = set().union(*(one.diff for one in some))
        fresh = [one.record.pk for one in some if one.verb in ("create", "restore")]
        if fresh:
            every = {key for of, key in _all_reads(plan.steps.values()) if of == type_key}
            own = [s for s in plan.steps.values() if s.row.on_type == type_key and s.formula is not None]
            constant = {s.row.key for s in own if not s.reads}
            follow(system, registry.get(type_key), fresh, every, always=constant)
        moved = [one.record.pk for one in some if one.verb == "update"]
        if moved:
            follow(system, registry.get(type_key), moved, changed)
        for step in plan.roll_ups_of(type_key):
            parents = _touched_parents(step, some)
            if parents:
                roll_up(system, step, parents)
        for step in plan.watching(type_key, changed):
            _calculate_later(ctx, step)


def _all_reads(steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        yield from step.reads


def _calculate_later(ctx: Context, step: Step) -> None:
    """What a filter looks at through a reference has changed (a stage counts as won now): every parent may."""
    from rapport.engines.words.preparing import calculate_field

    enqueue(calculate_field, workspace=ctx.workspace, asked_by=ctx.actor_id, field=str(step.row.pk))


def _touched_parents(step: Step, written: Sequence[Written]) -> list[UUID]:
    """The records that these children point at or pointed at before."""
    reads = {key for of, key in step.reads if of == step.row.of_type}
    found: set[UUID] = set()
    for one in written:
        if one.verb == "update" and not reads & set(one.diff):
            continue
        info = registry.get(one.info.key)
        field = {**one.info.fields, **info.fields}.get(step.row.of_field)
        if field is None:
            continue
        values = [read_value(one.record, field), *one.diff.get(field.key, ())]
        found |= {pk for value in values if (pk := _parent_of(value, step.row.on_type)) is not None}
    return sorted(found)


def _parent_of(value: object, type_key: str) -> UUID | None:
    """The id a reference holds (a link of any type: when it is of this type)."""
    if isinstance(value, tuple) and len(value) == 2:
        return value[1] if value[0] == type_key else None
    return value if isinstance(value, UUID) else None


# -- formulas --------------------------------------------------------------------------------------------------------


def follow(
    ctx: Context, info: TypeInfo, ids: Sequence[UUID], changed: set[str], *, always: Iterable[str] = (), depth: int = 0
) -> None:
    """Calculate the formulas of records whose fields changed, then the roll-ups that read them, and so on."""
    plan = plan_of(ctx.workspace)
    for _round in range(_DEEPEST):
        steps = plan.formulas_after(info.key, changed)
        steps += [s for s in plan.steps.values() if s.row.on_type == info.key and s.row.key in always]
        now: set[str] = set()
        for step in steps:
            if calculate(ctx, info, step, ids):
                now.add(step.row.key)
        _roll_up_after(ctx, info, ids, now, depth)
        if not now:
            return
        changed, always = now, ()


def _roll_up_after(ctx: Context, info: TypeInfo, ids: Sequence[UUID], changed: set[str], depth: int) -> None:
    """Roll-ups that read a calculated field of these records."""
    plan = plan_of(ctx.workspace)
    for step in plan.roll_ups_of(info.key):
        if depth < _DEEPEST and any((info.key, key) in step.reads for key in changed):
            parents = set(_parents_of(ctx, info, step, ids))
            if parents:
                roll_up(ctx, step, sorted(parents), depth=depth + 1)


def _parents_of(ctx: Context, info: TypeInfo, step: Step, ids: Sequence[UUID]) -> Iterator[UUID]:
    for row in read_ids(ctx, info, ids, [step.row.of_field]).values():
        parent = _parent_of(row.values.get(step.row.of_field), step.row.on_type)
        if parent is not None:
            yield parent


def calculate(ctx: Context, info: TypeInfo, step: Step, ids: Sequence[UUID]) -> bool:
    """Keep the value of one formula for some records; whether any changed."""
    assert step.formula is not None
    field = gate.fields(ctx, info)[step.row.key]
    changed = False
    for at in range(0, len(ids), _SOME):
        some = sorted(ids[at : at + _SOME])
        rows = read_ids(ctx, info, some, sorted(step.formula.names)) if step.formula.names else dict.fromkeys(some)
        found = {}
        for pk in some:
            row = rows.get(pk)
            given = {} if row is None else {key: as_value(ctx, row.values.get(key)) for key in step.formula.names}
            found[pk] = from_value(ctx, field.kind, value_of(step.formula, given))
        changed = keep(ctx, info, field, found) or changed
    return changed


def as_value(ctx: Context, value: object) -> Value:
    """A field's value as a formula calculates with it."""
    if isinstance(value, Money):
        base = worth(ctx, value) if value.currency else value.minor
        return None if base is None else Decimal(base).scaleb(-minor_digits(ctx.workspace.currency))
    if isinstance(value, bool) or value is None:
        return value
    return Decimal(value) if isinstance(value, int) else value  # type: ignore[return-value]


def from_value(ctx: Context, kind: Kind, value: Value) -> object:
    """A result as a value of the field's kind; what does not fit (too large, not whole) is rounded, or else empty."""
    if value is None:
        return None
    if kind.key == "money":
        places = minor_digits(ctx.workspace.currency)
        return Money(int(round(Decimal(value), places).scaleb(places)), ctx.workspace.currency)  # type: ignore[arg-type]
    if isinstance(value, Decimal):
        value = round(value, getattr(kind, "decimals", 0))
    try:
        return kind.clean(value, ctx.cleaning())
    except Invalid:
        return None


# -- roll-ups --------------------------------------------------------------------------------------------------------


def roll_up(ctx: Context, step: Step, parents: Sequence[UUID], *, depth: int = 0) -> None:
    """Keep a roll-up for some parents, and what follows from it."""
    info = registry.get(step.row.on_type)
    field = gate.fields(ctx, info)[step.row.key]
    for at in range(0, len(parents), _SOME):
        some = sorted(parents[at : at + _SOME])
        _lock(ctx, info, field, some)
        child = registry.get(step.row.of_type)
        made = _by_database(ctx, child, step, some) if _is_plain(child, step) else _by_reading(ctx, child, step, some)
        empty = 0 if step.row.roll_up in ("count", "sum") else None
        found = {pk: from_value(ctx, field.kind, as_value(ctx, made.get(pk, empty))) for pk in some}
        if keep(ctx, info, field, found):
            there = list(read_ids(ctx, info, some, []))
            follow(ctx, info, there, {field.key}, depth=depth + 1)
            _roll_up_after(ctx, info, there, {field.key}, depth + 1)


def _lock(ctx: Context, info: TypeInfo, field: Field, parents: Sequence[UUID]) -> None:
    """Have the row of each kept value, and hold it until the transaction ends: in one order, so that two never wait for
    each other. (SQLite lets one writer in at a time anyway.)"""
    rows = KeptValue.objects.filter(workspace_id=ctx.workspace.pk, field=field.key, record_id__in=list(parents))
    there = set(rows.values_list("record_id", flat=True))
    missing = [pk for pk in parents if pk not in there]
    if missing:
        KeptValue.objects.bulk_create(
            [KeptValue(workspace_id=ctx.workspace.pk, type=info.key, field=field.key, record_id=pk) for pk in missing],
            ignore_conflicts=True,
        )
    list(rows.order_by("record_id").select_for_update().values_list("pk", flat=True))


def _is_plain(child: TypeInfo, step: Step) -> bool:
    """Whether the database can add it up: the reference and the field taken are columns."""
    by, take = child.fields[step.row.of_field], child.fields.get(step.row.take)
    if by.source != "column" or by.kind.key == "anyref":
        return False
    if step.row.roll_up == "count":
        return True
    # Texts sort by each database's own rules, and yes or no has no smallest on PostgreSQL.
    fits = take is not None and take.source == "column" and take.kind.key in ("number", "percent", "money", "date")
    return fits and step.row.roll_up != "last"


def _by_database(ctx: Context, child: TypeInfo, step: Step, parents: Sequence[UUID]) -> Mapping[UUID, object]:
    path = child.fields[step.row.of_field].path
    rows = _children(ctx, child, step).filter(**{f"{path}__in": list(parents)}).order_by()
    if step.row.roll_up == "count":
        return dict(rows.values_list(path).annotate(n=Count("pk")))
    take = child.fields[step.row.take]
    made = {"sum": Sum, "min": Min, "max": Max}[step.row.roll_up](take.kind.total_path(take.path))
    got = rows.values_list(path).annotate(made_of=made)
    if take.kind.key != "money":
        return dict(got)
    return {pk: None if minor is None else Money(int(minor), ctx.workspace.currency) for pk, minor in got}


def _children(ctx: Context, child: TypeInfo, step: Step) -> object:
    rows = gate.unscoped_rows(ctx, child)
    return rows if step.where is None else rows.filter(compile_filter(ctx, child, step.where))


def _by_reading(ctx: Context, child: TypeInfo, step: Step, parents: Sequence[UUID]) -> Mapping[UUID, object]:
    """Add up what stands in own fields, by reading the children in portions of the order they came in."""
    by = gate.fields(ctx, child)[step.row.of_field]
    rows = _children(ctx, child, step)
    if by.source == "custom":
        pointing = keyed(ctx, child, by).filter(key__in=[pk.hex for pk in parents]).values("record_id")
        rows = rows.filter(pk__in=pointing)  # type: ignore[attr-defined]
    elif by.kind.key == "anyref":
        rows = rows.filter(**{f"{by.key}_type": step.row.on_type, f"{by.key}_id__in": list(parents)})  # type: ignore[attr-defined]
    else:
        rows = rows.filter(**{f"{by.path}__in": list(parents)})  # type: ignore[attr-defined]
    keys = [by.key, *([step.row.take] if step.row.take else [])]
    made: dict[UUID, object] = {}
    last = UUID(int=0)
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_SOME]):  # type: ignore[attr-defined]
        last = ids[-1]
        got = read_ids(ctx, child, ids, keys)
        for pk in ids:
            if pk not in got:
                continue
            parent = _parent_of(got[pk].values.get(by.key), step.row.on_type)
            if parent is not None:
                made[parent] = _added(ctx, step.row.roll_up, made.get(parent), got[pk].values.get(step.row.take))
    return {pk: _as_money(ctx, one, child, step) for pk, one in made.items()}


def _added(ctx: Context, how: str, before: object, value: object) -> object:
    """What was made of the children so far, and one more."""
    if how == "count":
        return (before or 0) + 1  # type: ignore[operator]
    one = as_value(ctx, value)
    if one is None:
        return before
    if how == "last" or before is None:
        return one
    return before + one if how == "sum" else min(before, one) if how == "min" else max(before, one)  # type: ignore[operator, type-var]


def _as_money(ctx: Context, value: object, child: TypeInfo, step: Step) -> object:
    take = gate.fields(ctx, child).get(step.row.take)
    if take is None or take.kind.key != "money" or not isinstance(value, Decimal):
        return value
    return Money(int(value.scaleb(minor_digits(ctx.workspace.currency))), ctx.workspace.currency)


# -- writing ---------------------------------------------------------------------------------------------------------

_COLUMNS = ("workspace_id", "type", "field", "record_id", "value")


def keep(ctx: Context, info: TypeInfo, field: Field, values: Mapping[UUID, object]) -> bool:
    """Write kept values and the keys they are found and sorted by; whether any is another than before."""
    ids = list(values)
    rows = KeptValue.objects.filter(workspace_id=ctx.workspace.pk, field=field.key, record_id__in=ids)
    before = {pk: (row_id, value) for row_id, pk, value in rows.values_list("pk", "record_id", "value")}
    wanted = {pk: None if value is None else field.kind.to_json(value) for pk, value in values.items()}
    new = [pk for pk in ids if pk not in before]
    moved = [pk for pk in ids if pk in before and before[pk][1] != wanted[pk]]
    if new:
        KeptValue.objects.bulk_create(
            [
                KeptValue(workspace_id=ctx.workspace.pk, type=info.key, field=field.key, record_id=pk, value=wanted[pk])
                for pk in new
            ],
            ignore_conflicts=True,
        )
    if moved:
        some = [KeptValue(pk=before[pk][0], workspace_id=ctx.workspace.pk, value=wanted[pk]) for pk in moved]
        KeptValue.objects.bulk_update(some, ["value"], batch_size=200)
    touched = [*new, *moved]
    if touched:
        keys = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=touched, field=field.key_name)
        keys.delete()
        made = [(pk, sort_key(ctx, values[pk])) for pk in touched if values[pk] is not None]
        insert_rows(
            IndexedValue, ("workspace_id", "type", "field", "key", "record_id"),
            [(ctx.workspace.pk, info.key, field.key_name, key, pk) for pk, key in made if key is not None],
        )  # fmt: skip
    return bool(moved or any(wanted[pk] is not None for pk in new))
