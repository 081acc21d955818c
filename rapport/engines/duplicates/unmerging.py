"""Taking a merge back: the loser out of the bin, what it had back to it. What came or changed since stays with the survivor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from rapport.engines.duplicates.merging import DAYS
from rapport.engines.duplicates.models import Merge, MergeMove
from rapport.engines.duplicates.moving import PORTION, raise_first
from rapport.engines.duplicates.pointing import pointing_at, rows_at
from rapport.engines.duplicates.values import can_unite, entries, without
from rapport.kernel.access import gate
from rapport.kernel.changes import door
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Gone, RapportError, Refused
from rapport.kernel.ids import as_id, id_at
from rapport.kernel.kinds.older import reads
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Rows that came later are counted up to here.
_MOST = 1_000


def find_merge(ctx: Context, merge_id: object) -> Merge:
    """A merge whose survivor this person may see; anything else is not there."""
    wanted = as_id(merge_id)
    found = Merge.objects.filter(workspace_id=ctx.workspace.pk, pk=wanted).first() if wanted else None
    if found is None or found.type not in registry or not _seen(ctx, found):
        raise Gone(_("There is no such merge, or you may not see it."))
    return found


def _seen(ctx: Context, merge: Merge) -> bool:
    info = registry.get(merge.type)
    return gate.visible(ctx, info).filter(pk=merge.survivor_id).exists()


def may_undo(ctx: Context, merge: Merge) -> bool:
    """Whether this person can take the merge back now."""
    if merge.state != Merge.DONE or merge.settled_at is not None:
        return False
    info = registry.get(merge.type)
    survivor = gate.visible(ctx, info).filter(pk=merge.survivor_id).first()
    loser = info.model.objects.filter(workspace_id=ctx.workspace.pk, pk=merge.loser_id).first()
    return (
        survivor is not None and loser is not None and gate.may(ctx, info, survivor, "merge")
        and gate.may(ctx, info, survivor, "edit") and gate.may(ctx, info, loser, "delete")
    )  # fmt: skip


def demand_undo(ctx: Context, merge: Merge) -> tuple[Record, Record]:
    """Survivor and loser, with the rights it needs to part them. Raises Gone or Refused with what to do."""
    info = registry.get(merge.type)
    survivor = gate.get(ctx, info, merge.survivor_id, "merge")
    gate.get(ctx, info, survivor.pk, "edit")
    if merge.state != Merge.DONE:
        raise Gone(_("This merge was taken back already."), code="undone")
    if merge.settled_at is not None:
        raise Refused(_("A merge can be taken back for %(days)d days; this one is older.") % {"days": DAYS}, code="settled")
    loser = info.model.objects.filter(workspace_id=ctx.workspace.pk, pk=merge.loser_id).first()
    if loser is None:
        raise Gone(_("What was merged in is gone for good, so the merge cannot be taken back."))
    gate.get(ctx, info, loser.pk, "delete", in_bin=loser.deleted_at is not None)
    return survivor, loser


def is_large(merge: Merge, most: int) -> bool:
    """Whether so much was moved that taking it back becomes a job."""
    return MergeMove.objects.filter(workspace_id=merge.workspace_id, merge_id=merge.pk)[: most + 1].count() > most


def unmerge(ctx: Context, merge: Merge) -> Merge:
    """Take a merge back, in one transaction."""
    acting = replace(ctx, cause_id=merge.pk, memory={})
    with unit_of_work(acting):
        merge = Merge.objects.select_for_update().get(workspace_id=ctx.workspace.pk, pk=merge.pk)
        survivor, loser = demand_undo(acting, merge)
        back = _Back(acting.as_system("unmerge"), merge, survivor, loser)
        back.go()
        merge.state, merge.undone_at, merge.undone_by = Merge.UNDONE, dt.datetime.now(dt.UTC), ctx.actor_id
        merge.values, merge.stayed = {}, {"changed": sorted(back.changed), "later": back.later()}
        merge.save()
        note_event(acting, "unmerged", survivor, other=str(loser.pk))
    return merge


@dataclass
class _Back:
    """One unmerge, inside the open unit of work. `ctx` is the system's."""

    ctx: Context
    merge: Merge
    survivor: Record
    loser: Record
    #: Fields whose value somebody changed since: they keep it.
    changed: set[str] = field(default_factory=set)

    @property
    def info(self) -> TypeInfo:
        """The type of both."""
        return registry.get(self.merge.type)

    def go(self) -> None:
        """The record first, so that what goes back to it finds it; values before rows, so that what follows from rows is
        worked out from them."""
        if self.loser.deleted_at is not None:
            self.ctx.restore(self.loser)
        self._values()
        for move_type, some in self._moves():
            {
                MergeMove.REFERENCE: self._references, MergeMove.BINNED: self._binned, MergeMove.ROW: self._rows,
                MergeMove.DROPPED: self._dropped, MergeMove.TEXT: self._texts,
            }[move_type](some)  # fmt: skip

    def later(self) -> int:
        """How many records came to the survivor after the merge: they stay there."""
        found = 0
        for one in pointing_at(self.ctx, self.merge.type):
            rows = rows_at(self.ctx, one, self.merge.survivor_id).filter(pk__gt=id_at(self.merge.at))
            found += rows.order_by().values("pk")[:_MOST].count()
        return min(found, _MOST)

    # -- the survivor's values ----------------------------------------------------------------------------------------

    def _values(self) -> None:
        every = {**self.info.fields, **gate.custom_fields(self.ctx.workspace, self.info.key)}
        back: dict[str, object] = {}
        for key, (before, after) in self.merge.values.items():
            one = every.get(key)
            if one is None or one.source == "computed":
                continue
            value = read_value(self.survivor, one)
            now = None if one.kind.blank(value) else one.kind.to_json(value)
            if before is not None and not reads(one.kind, before):
                self.changed.add(key)  # the field has become another kind since
            elif now == after:
                back[key] = None if before is None else one.kind.from_json(before)
            elif isinstance(now, list) and can_unite(one):
                came = without(entries(after), entries(before))
                left = without(entries(now), came)
                if left != now:
                    back[key] = one.kind.from_json(left) if left else None
                self.changed.add(key)
            elif not one.readonly:
                self.changed.add(key)
        if back:
            door.write(self.ctx, self.survivor, back)

    # -- what was moved -----------------------------------------------------------------------------------------------

    def _moves(self) -> Iterator[tuple[str, list[MergeMove]]]:
        """Portions of one sort and holder each."""
        rows = MergeMove.objects.filter(workspace_id=self.ctx.workspace.pk, merge_id=self.merge.pk)
        kinds = rows.order_by("how", "holder").values_list("how", "holder").distinct()
        for how, holder in list(kinds):
            last = 0
            while some := list(rows.filter(how=how, holder=holder, pk__gt=last).order_by("pk")[:PORTION]):
                last = some[-1].pk
                yield how, some

    def _references(self, some: Sequence[MergeMove]) -> None:
        """Whatever still points at the survivor because of the merge points at the loser again."""
        if some[0].holder not in registry:
            return
        info = registry.get(some[0].holder)
        fields = {one.field.key: one for one in pointing_at(self.ctx, self.merge.type) if one.info is info}
        rows = info.model.objects.filter(workspace_id=self.ctx.workspace.pk, deleted_at=None)
        there = rows.in_bulk([UUID(one.row) for one in some])
        edits: dict[UUID, dict[str, object]] = {}
        done: list[int] = []
        for one in some:
            record, pointing = there.get(UUID(one.row)), fields.get(one.field)
            if record is None or pointing is None:
                continue
            done.append(one.pk)
            if read_value(record, pointing.field) == pointing.value(self.merge.survivor_id):
                edits.setdefault(record.pk, {})[one.field] = pointing.value(self.merge.loser_id)
        self._write(info, edits)
        MergeMove.objects.filter(workspace_id=self.ctx.workspace.pk, pk__in=done).update(returned=True)

    def _write(self, info: TypeInfo, edits: Mapping[UUID, Mapping[str, object]]) -> None:
        if edits:
            raise_first(self.ctx.write_many(info.key, list(edits.items())).errors.values())

    def _binned(self, some: Sequence[MergeMove]) -> None:
        if some[0].holder not in registry:
            return
        info = registry.get(some[0].holder)
        for record in info.model.objects.filter(
            workspace_id=self.ctx.workspace.pk, pk__in=[UUID(one.row) for one in some], deleted_at__isnull=False
        ):
            self.ctx.restore(record)

    def _rows(self, some: Sequence[MergeMove]) -> None:
        model, column = apps.get_model(some[0].holder), some[0].field
        rows = model.objects.filter(workspace_id=self.ctx.workspace.pk, pk__in=[one.row for one in some])
        rows.filter(**{column: self.merge.survivor_id}).update(**{column: self.merge.loser_id})

    def _dropped(self, some: Sequence[MergeMove]) -> None:
        model = apps.get_model(some[0].holder)
        model.objects.bulk_create([made_again(model, one.was) for one in some], ignore_conflicts=True)

    def _texts(self, some: Sequence[MergeMove]) -> None:
        old, new = str(self.merge.loser_id), str(self.merge.survivor_id)
        for one in some:
            if one.holder not in registry:
                continue
            model = registry.get(one.holder).model
            record = model.objects.filter(workspace_id=self.ctx.workspace.pk, pk=UUID(one.row), deleted_at=None).first()
            if record is None or getattr(record, one.field) != str(one.was).replace(old, new):
                continue
            try:
                self.ctx.write(record, **{one.field: one.was})
            except RapportError:
                continue  # as when it was moved: a filter holds nobody up


def made_again(model: type[models.Model], was: Mapping[str, object]) -> models.Model:
    """A dropped row from its JSON."""
    columns = {one.attname: one for one in model._meta.concrete_fields}
    return model(**{name: columns[name].to_python(value) for name, value in was.items() if name in columns})
