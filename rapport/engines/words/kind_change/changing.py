"""Changing the kind: new values beside the old ones in portions, what is written meanwhile after them, then one write."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.engines.words.kind_change.looking import PORTION, keep, rows_with, turner_of
from rapport.engines.words.kind_change.standing import newly_broken
from rapport.engines.words.kind_change.turning import Turner, definition
from rapport.engines.words.models import KindChange
from rapport.engines.words.plan import plan_of
from rapport.engines.words.preparing import calculate_field, search_again
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.bulk import insert_rows, update_rows
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.custom.fields import as_field, forget_custom_fields
from rapport.kernel.custom.keys import sort_key
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rapport.kernel.context import Context

#: When those who began before the change have ended: requests, and then imports.
LATER = (dt.timedelta(minutes=2), dt.timedelta(hours=2))
_COLUMNS = ("workspace_id", "type", "field", "key", "record_id")


class Changing:
    """One change at work."""

    def __init__(self, ctx: Context, row: CustomField, change: KindChange) -> None:
        self.ctx, self.row, self.change = ctx, row, change
        self.info = registry.get(row.on_type)
        self.turner: Turner = turner_of(ctx, row, change)
        self.slot, self.rest = str(change.after["slot"]), change.rest_slot

    # -- values --------------------------------------------------------------------------------------------------

    def stage_all(self, watch: Callable[[KindChange], bool]) -> bool:
        """Make the new value of every record, and of what was written meanwhile; False when `watch` broke it off."""
        change, space = self.change, self.ctx.workspace.pk
        if change.after_number is None:
            change.after_number = Workspace.objects.filter(pk=space).values_list("change_number", flat=True)[0]
            keep(change)
        slots = self.turner.slots
        while ids := list(rows_with(self.info, space, slots, change.reached).values_list("pk", flat=True)[:PORTION]):
            with transaction.atomic():
                self.stage(ids)
                change.seen, change.reached = change.seen + len(ids), ids[-1]
                keep(change)
            if not watch(change):
                return False
        while self.catch_up():
            if not watch(change):
                return False
        return True

    def stage(self, ids: Sequence[UUID]) -> None:
        """Make the new values of some records from those that stand there now; the caller's transaction holds it."""
        space = self.ctx.workspace.pk
        rows = self.info.model.objects.select_for_update().filter(workspace_id=space, pk__in=ids).order_by("pk")
        made: list[tuple[UUID, int, list[object]]] = []
        values: dict[UUID, object] = {}
        for pk, version, custom in list(rows.values_list("pk", "version", "custom")):
            new = self._staged(custom)
            values[pk] = new.get(self.slot)
            if new != custom:
                made.append((pk, version, [new]))
        update_rows(self.info.model, ("custom",), made)
        self._index(values)

    def _staged(self, custom: dict[str, object]) -> dict[str, object]:
        """The custom values of a record with the new one, or with what does not fit beside it."""
        turner, raw = self.turner, custom.get(self.turner.slots[0])
        new, fits = turner.turn_record(custom)
        rest = {key: value for key, value in custom.items() if key not in (self.slot, self.rest)}
        if new is not None:
            rest[self.slot] = new
        if not fits:
            self.change.unfitting += 1
            if self.change.keeps_rest:
                rest[self.rest] = turner.words(raw)
        elif raw is not None:
            self.change.fitting += 1
        return rest

    def _index(self, values: dict[UUID, object]) -> None:
        """The keys of the new values, under the name of their place."""
        field = self.field()
        space, rows = self.ctx.workspace.pk, []
        for pk, raw in values.items():
            if raw is None:
                continue
            value = field.kind.load(field.kind.from_json(raw))
            keys = dict.fromkeys(one[:200] for one in field.kind.index_keys(value))
            rows += [(space, self.info.key, field.place, one, pk) for one in keys]
            order = sort_key(self.ctx, value) if field.is_keyed else None
            if order is not None:
                rows.append((space, self.info.key, field.key_name, order, pk))
        names = (field.place, field.key_name)
        IndexedValue.objects.filter(workspace_id=space, record_id__in=list(values), field__in=names).delete()
        insert_rows(IndexedValue, _COLUMNS, rows)

    def field(self) -> Field:
        """The field as it will be."""
        return as_field(definition(self.row, self.change.after))

    def catch_up(self) -> bool:
        """Go over records that were written since; whether there were any."""
        change = self.change
        some = list(self._newer().order_by("number").values_list("number", "record_id")[:PORTION])
        if some:
            with transaction.atomic():
                self.stage(sorted({pk for _number, pk in some if pk is not None}))
                change.after_number = some[-1][0]
                keep(change)
        return bool(some)

    def _newer(self) -> QuerySet:
        return Change.objects.filter(
            workspace_id=self.ctx.workspace.pk, number__gt=self.change.after_number or 0, type=self.info.key
        )

    # -- the definition ------------------------------------------------------------------------------------------

    def settle(self) -> bool:
        """Let the field read the new values; False when somebody has written a record a moment ago. Raises Invalid."""
        change, ctx = self.change, replace(self.ctx, action="change_kind", memory={})
        space = ctx.workspace.pk
        with unit_of_work(ctx):
            # Whoever writes needs the counter last: while we hold it, nothing new can commit.
            Workspace.objects.select_for_update().get(pk=space)
            if self._newer().exists():
                return False
            self._demand_way(ctx)
            if rest := self._rest_exists():
                self._make_rest_field(ctx)
            elif change.undoes:
                self._drop_rest_field(ctx)
            rows = CustomField.objects.filter(workspace_id=space, pk=self.row.pk)
            rows.update(slot=self.slot)
            self.row.slot = self.slot
            ctx.write(self.row, **{key: value for key, value in change.after.items() if key != "slot"})
            if change.after["is_fast"]:
                rows.update(is_indexed=True)
            self._follow(ctx)
            change.state, change.finished_at = KindChange.DONE, timezone.now()
            change.unfitting = rest
            change.after_number = Workspace.objects.filter(pk=space).values_list("change_number", flat=True)[0]
            keep(change)
            forget_custom_fields(ctx.workspace)
        return True

    def _demand_way(self, ctx: Context) -> None:
        """Nothing stands in the way now, whatever it was when somebody looked."""
        for record, sentence in newly_broken(ctx, self.row, self.change.after).values():
            # By its type only: whoever asked may not see the very record.
            words = {"type": capital(str(registry.of(record).label)), "sentence": sentence}
            raise Invalid(_("%(type)s that names the field would not work any more: %(sentence)s") % words)

    def _rest_exists(self) -> int:
        """How many values stand beside, up to a bound: a field for them is made only if there are any."""
        there = rows_with(self.info, self.ctx.workspace.pk, [self.rest], None).order_by().values("pk")
        return int(there[:1_000_000].count())

    def _make_rest_field(self, ctx: Context) -> None:
        row, label = self.row, _("%(label)s (before)") % {"label": self.row.label[:60]}
        taken = set(
            CustomField.objects.filter(workspace_id=ctx.workspace.pk, on_type=row.on_type, deleted_at=None)
            .values_list("label", flat=True)
        )  # fmt: skip
        if label in taken:
            label = next(one for n in range(2, 1_000) if (one := f"{label} {n}") not in taken)
        made = ctx.create(
            "custom_field", label=label, on_type=row.on_type, kind="longtext", field_group=row.field_group,
            position=row.position + 1, help_text=_("What did not fit when the kind of the field was changed."),
        )  # fmt: skip
        CustomField.objects.filter(workspace_id=ctx.workspace.pk, pk=made.pk).update(slot=self.rest)
        self.change.rest_field = made.pk

    def _drop_rest_field(self, ctx: Context) -> None:
        """Taking back brings what did not fit back into the field itself."""
        undone = KindChange.objects.get(workspace_id=ctx.workspace.pk, pk=self.change.undoes)
        if undone.rest_field is None:
            return
        made = CustomField.objects.filter(workspace_id=ctx.workspace.pk, pk=undone.rest_field, deleted_at=None).first()
        if made is not None:
            ctx.delete(made)

    def _follow(self, ctx: Context) -> None:
        """What is made of the values: calculated fields, what the search knows; and what late writers may still bring."""
        for later in LATER:
            when = timezone.now() + later
            enqueue("words.take_in_late", workspace=ctx.workspace, run_after=when, change=str(self.change.pk))
        mark = (self.row.on_type, self.row.key)
        for step in plan_of(ctx.workspace).steps.values():
            if mark in step.reads:
                enqueue(calculate_field, workspace=ctx.workspace, asked_by=ctx.actor_id, field=str(step.row.pk))
        if self.change.before["in_search"] or self.change.after["in_search"]:
            enqueue(search_again, workspace=ctx.workspace, asked_by=ctx.actor_id, on_type=self.row.on_type)


def late_writes(ctx: Context, row: CustomField, change: KindChange) -> int:
    """Take in what was still written by somebody who knew the old definition (a request that began before, an import at
    work); the number of records that were mended. A newer writer leaves the old place alone, which tells them apart."""
    work, mended, space = Changing(ctx, row, change), 0, ctx.workspace.pk
    old = str(change.before["slot"])
    newer = Change.objects.filter(workspace_id=space, number__gt=change.after_number or 0, type=row.on_type).order_by("number")
    while some := list(newer.values_list("number", "record_id", "diff")[:PORTION]):
        last = {pk: diff[row.key][1] for _number, pk, diff in some if row.key in (diff or {})}
        ids = sorted({pk for _number, pk, _diff in some if pk is not None})
        with transaction.atomic():
            stale = []
            for pk, custom in work.info.model.objects.filter(workspace_id=space, pk__in=ids).values_list("pk", "custom"):
                now, was = custom.get(work.slot), custom.get(old)
                lost = pk not in last and was is not None and now is None and work.rest not in custom
                if lost or (pk in last and now != last[pk] and was == last[pk]):
                    stale.append(pk)
            if stale:
                work.stage(stale)
            change.after_number = some[-1][0]
            keep(change)
        mended += len(stale)
        newer = newer.filter(number__gt=change.after_number)
    return mended
