"""Before a field changes its kind: how many values fit, which do not, and what else stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from rapport.engines.words.kind_change.turning import BackTurner, Turner
from rapport.engines.words.models import KindChange
from rapport.kernel.access import gate
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.custom.models import CustomField
from rapport.kernel.query.read import Row, read_ids
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

PORTION = 1_000
#: Records with values that do not fit that are remembered, and that are shown (a viewer may not see all of them).
_KEPT, SHOWN = 100, 10


def rows_with(info: TypeInfo, workspace_id: UUID, slots: Sequence[str], after: UUID | None) -> QuerySet:
    """The records that have something in one of the slots, also those in the bin, in the order of their ids."""
    wanted = Q()
    for slot in slots:
        wanted |= Q(custom__has_key=slot)
    rows = info.model.objects.filter(wanted, workspace_id=workspace_id)
    return (rows if after is None else rows.filter(pk__gt=after)).order_by("pk")


def turner_of(ctx: Context, row: CustomField, change: KindChange) -> Turner:
    """What turns the values of this change."""
    if change.undoes is None:
        return Turner(ctx, row, change)
    undone = KindChange.objects.get(workspace_id=ctx.workspace.pk, pk=change.undoes)
    return BackTurner(ctx, row, change, undone)


def look(ctx: Context, row: CustomField, change: KindChange, watch: Callable[[KindChange], bool]) -> bool:
    """Go through the values and count; False when `watch` broke it off. It goes on where it was."""
    info, turner = registry.get(row.on_type), turner_of(ctx, row, change)
    while some := list(rows_with(info, ctx.workspace.pk, turner.slots, change.reached).values_list("pk", "custom")[:PORTION]):
        for pk, custom in some:
            fits = turner.turn_record(custom)[1]
            change.fitting += fits
            change.unfitting += not fits
            if not fits and len(change.examples) < _KEPT:
                change.examples.append(str(pk))
        change.seen, change.reached = change.seen + len(some), some[-1][0]
        keep(change)
        if not watch(change):
            return False
    return True


def keep(change: KindChange) -> None:
    """Write down how far a change is."""
    names = (
        "after", "keeps_rest", "rest_field", "state", "goes_on", "reached", "seen", "fitting", "unfitting", "examples", "found",
        "after_number", "reason", "job_id", "actor_id", "finished_at", "is_purged",
    )  # fmt: skip
    KindChange.objects.filter(workspace_id=change.workspace_id, pk=change.pk).update(**{n: getattr(change, n) for n in names})


@dataclass(frozen=True)
class Example:
    """A record whose value does not fit, with the value."""

    title: str
    url: str
    text: str


def examples(ctx: Context, row: CustomField, change: KindChange) -> list[Example]:
    """Some of the values that do not fit, of records that the viewer may see."""
    info = registry.get(row.on_type)
    field = gate.fields(ctx, info).get(row.key)
    if field is None or not gate.allows(ctx, info, "view"):
        return []
    seen = read_ids(ctx, info, [UUID(one) for one in change.examples], [row.key])
    rows: list[Row] = [one for one in seen.values() if one.values.get(row.key) is not None][:SHOWN]
    titles = gate.titles(ctx, info, {one.id for one in rows})
    return [
        Example(
            titles.get(one.id, str(info.label)), info.record_url(one.id), field.kind.text(one.values[row.key], ctx.format)[:80]
        )
        for one in rows
    ]


def may_see(ctx: Context, row: CustomField) -> bool:
    """Whether the viewer may see the field at all: somebody who may not is told nothing of its values."""
    return row.on_type in registry and row.key in custom_fields(ctx.workspace, row.on_type) and (
        row.key in gate.fields(ctx, registry.get(row.on_type))
    )  # fmt: skip
