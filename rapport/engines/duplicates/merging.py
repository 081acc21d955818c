"""Making one record of two, through the write door, in one transaction: whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.duplicates.models import Merge
from rapport.engines.duplicates.moving import Walk, count_pointing
from rapport.engines.duplicates.registry import identity_of
from rapport.engines.duplicates.values import every_field, merged_values
from rapport.kernel.access import gate
from rapport.kernel.changes import door
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Up to so many rows move while the person waits.
AT_ONCE = 500
#: So long a merge can be taken back.
DAYS = 90


@dataclass(frozen=True)
class Two:
    """The records of a merge, both seen by whoever merges them."""

    info: TypeInfo
    survivor: Record
    loser: Record


def demand_both(ctx: Context, info: TypeInfo, survivor_id: object, loser_id: object) -> Two:
    """Both records, with the rights a merge needs: to merge either, to edit the one and delete the other. Raises Gone for
    what this person may not see, Refused for what they may not do, Invalid for two that cannot be one."""
    if identity_of(info.key) is None:
        raise Gone(_("Records of this type cannot be merged."))
    survivor, loser = gate.get(ctx, info, survivor_id, "merge"), gate.get(ctx, info, loser_id, "merge")
    gate.get(ctx, info, survivor.pk, "edit")
    gate.get(ctx, info, loser.pk, "delete")
    demand_mergeable(ctx, info, survivor, loser)
    return Two(info, survivor, loser)


def demand_mergeable(ctx: Context, info: TypeInfo, survivor: Record, loser: Record) -> None:
    """Raise Invalid for a record and itself, or for two that nobody could be at once."""
    if survivor.pk == loser.pk:
        raise Invalid(_("Choose two different records to merge."), code="same_record")
    identity = identity_of(info.key)
    fields = every_field(ctx, info)
    for key in identity.apart if identity else ():
        if read_value(survivor, fields[key]) != read_value(loser, fields[key]):
            raise Invalid(
                _("These two cannot be merged: they differ in “%(label)s”. Change it on one of them first.")
                % {"label": fields[key].label},
                code="apart",
            )


def is_large(ctx: Context, two: Two) -> bool:
    """Whether so much refers to the loser that the merge becomes a job."""
    return count_pointing(ctx, two.info.key, two.loser.pk, most=AT_ONCE) > AT_ONCE


def prepared(ctx: Context, two: Two, picks: Mapping[str, str]) -> Merge:
    """The row of a merge, not saved yet."""
    known = every_field(ctx, two.info)
    return Merge(
        id=new_id(), workspace_id=ctx.workspace.pk, type=two.info.key, survivor_id=two.survivor.pk, loser_id=two.loser.pk,
        picks={key: pick for key, pick in picks.items() if key in known}, actor_id=ctx.actor_id,
        actor_name=ctx.actor_name[:150], at=dt.datetime.now(dt.UTC),
    )  # fmt: skip


def carry_out(ctx: Context, merge: Merge) -> Merge:
    """Do a prepared merge: the survivor's values, everything that points at the loser, the loser into the bin."""
    info = registry.get(merge.type)
    acting = replace(ctx, cause_id=merge.pk, memory={})
    with unit_of_work(acting):
        # Asked again inside the transaction: rights and records may have changed while a job waited.
        two = demand_both(acting, info, merge.survivor_id, merge.loser_id)
        system = acting.as_system("merge")
        new = merged_values(acting, info, two.survivor, two.loser, merge.picks)
        before = _stored(system, info, two.survivor)
        if new:
            fields = every_field(system, info)
            door.write(system, two.survivor, {key: _written(fields[key].kind, value) for key, value in new.items()})
        merge.state, merge.at = Merge.DONE, dt.datetime.now(dt.UTC)
        merge.save()
        merge.counts = dict(Walk(system, merge).go())
        door.delete(system, info.model.objects.get(pk=two.loser.pk))
        after = _stored(system, info, info.model.objects.get(pk=two.survivor.pk))
        merge.values = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        merge.save()
        note_event(acting, "merged", two.survivor, other=str(two.loser.pk))
    return merge


def _written(kind: object, value: object) -> object:
    """A stored value as a write takes it."""
    return None if value is None else kind.from_json(kind.to_json(value))  # type: ignore[attr-defined]


def _stored(system: Context, info: TypeInfo, record: Record) -> dict[str, object]:
    """All values of a record in the kinds' json shape, those kept right by Rapport included."""
    every = {**info.fields, **gate.custom_fields(system.workspace, info.key)}
    found = {}
    for key, field in every.items():
        if field.source != "computed" and key not in ("created_at", "created_by", "updated_at"):
            value = read_value(record, field)
            found[key] = None if field.kind.blank(value) else field.kind.to_json(value)
    return found


def merge_now(ctx: Context, info: TypeInfo, survivor_id: UUID, loser_id: UUID, picks: Mapping[str, str]) -> Merge:
    """Merge two records at once, however much refers to them."""
    return carry_out(ctx, prepared(ctx, demand_both(ctx, info, survivor_id, loser_id), picks))
