"""The jobs of a change of kind: looking and changing, what was written late, and the end of values that nobody reads."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation

from rapport.engines.words.kind_change.asking import KEPT_FOR
from rapport.engines.words.kind_change.changing import Changing, late_writes
from rapport.engines.words.kind_change.looking import keep, look, rows_with
from rapport.engines.words.models import KindChange
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.changes.bulk import update_rows
from rapport.kernel.context import Context, context_for, system_context
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry

_BATCH = 1_000


def _context(workspace: Workspace, actor_id: UUID | None) -> Context:
    """The system's, in the name of whoever asked."""
    user = User.objects.select_related("role").filter(pk=actor_id, deleted_at=None).first() if actor_id else None
    ctx = system_context(workspace, "change_kind") if user is None else context_for(user, "web").as_system("change_kind")
    # Values are read as the company writes them, whoever asked.
    return Context(**{**vars(ctx), "format": system_context(workspace, "change_kind").format, "memory": {}})


@job(max_attempts=8, name="words.change_kind")
def change_kind(job_ctx: JobContext, *, change: str) -> dict[str, object]:
    """Do what is left of a change; a killed process goes on where it was."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    one = KindChange.objects.filter(workspace_id=workspace.pk, pk=change).first()
    if one is None or one.state not in KindChange.AT_WORK:
        return {}
    row = CustomField.objects.filter(workspace_id=workspace.pk, pk=one.field_id, deleted_at=None).first()
    ctx = _context(workspace, one.actor_id)
    if row is None or row.on_type not in registry:
        _end(one, KindChange.STOPPED)
        return {}

    def watch(change: KindChange) -> bool:
        job_ctx.progress(change.seen)
        return not job_ctx.should_stop

    with translation.override(ctx.format.language):
        try:
            whole = _go(ctx, row, one, watch)
        except Invalid as wrong:
            one.reason = wrong.sentence[:300]
            _end(one, KindChange.REFUSED)
            whole = True
    if not whole and job_ctx.stop_requested:
        _end(one, KindChange.STOPPED)
    if one.state in (KindChange.STOPPED, KindChange.REFUSED):
        enqueue(clear_slots, workspace=workspace, change=str(one.pk))
    return {"state": one.state, "fitting": one.fitting, "unfitting": one.unfitting}


def _go(ctx: Context, row: CustomField, one: KindChange, watch: Callable[[KindChange], bool]) -> bool:
    """Look, change, settle; False when it was broken off."""
    if one.state == KindChange.LOOKING:
        if not look(ctx, row, one, watch):
            return False
        if not one.goes_on:
            one.state = KindChange.LOOKED
            keep(one)
            return True
        if one.unfitting and not one.keeps_rest:
            one.reason = translation.ngettext(
                "%(count)d value does not fit.", "%(count)d values do not fit.", one.unfitting
            ) % {"count": one.unfitting}  # fmt: skip
            _end(one, KindChange.REFUSED)
            return True
        one.state, one.reached, one.seen, one.fitting, one.unfitting = KindChange.CHANGING, None, 0, 0, 0
        keep(one)
    work = Changing(ctx, row, one)
    while work.stage_all(watch):
        if not one.keeps_rest and one.unfitting:
            one.reason = translation.gettext("A value that does not fit was typed meanwhile.")
            _end(one, KindChange.REFUSED)
            return True
        if work.settle():
            return True
    return False


def _end(one: KindChange, state: str) -> None:
    one.state, one.finished_at = state, timezone.now()
    keep(one)


@job(max_attempts=8, name="words.take_in_late")
def take_in_late(job_ctx: JobContext, *, change: str) -> int:
    """Take in what was written by those who still knew the old kind; the keys of the old values find nobody any more."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    one = KindChange.objects.filter(workspace_id=workspace.pk, pk=change, state=KindChange.DONE).first()
    row = CustomField.objects.filter(workspace_id=workspace.pk, pk=one.field_id, deleted_at=None).first() if one else None
    if one is None or row is None or row.on_type not in registry or row.slot != one.after["slot"] or one.is_purged:
        return 0
    mended, slot = late_writes(_context(workspace, one.actor_id), row, one), str(one.before["slot"])
    _drop_keys(job_ctx, workspace, row.on_type, slot)
    return mended


@job(max_attempts=8, name="words.clear_slots")
def clear_slots(job_ctx: JobContext, *, change: str) -> int:
    """Remove the values that nobody reads: the new ones of a change that came to nothing, the old ones of one that did."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    one = KindChange.objects.filter(workspace_id=workspace.pk, pk=change, is_purged=False).first()
    row = CustomField.objects.filter(workspace_id=workspace.pk, pk=one.field_id).first() if one else None
    if one is None or row is None:
        return 0
    dead = [str(one.before["slot"])] if one.state == KindChange.DONE else [str(one.after["slot"]), one.rest_slot]
    if (row.slot or row.key) in dead or row.on_type not in registry:
        return 0
    done = 0
    for slot in dead:
        cleared = clear_slot(job_ctx, workspace, row.on_type, slot)
        if cleared is None:
            return done
        done += cleared
    KindChange.objects.filter(workspace_id=workspace.pk, pk=one.pk).update(is_purged=True)
    return done


def clear_slot(job_ctx: JobContext, workspace: Workspace, on_type: str, slot: str) -> int | None:
    """Take one slot out of all records of a type, in portions; None when it was broken off."""
    if not _drop_keys(job_ctx, workspace, on_type, slot):
        return None
    if on_type not in registry:
        return 0
    info, done, last = registry.get(on_type), 0, None
    while some := list(rows_with(info, workspace.pk, [slot], last).values_list("pk", flat=True)[:_BATCH]):
        last = some[-1]
        with transaction.atomic():
            rows = info.model.objects.select_for_update().filter(workspace_id=workspace.pk, pk__in=some).order_by("pk")
            made = [
                (pk, version, [{key: value for key, value in custom.items() if key != slot}])
                for pk, version, custom in rows.values_list("pk", "version", "custom")
            ]
            update_rows(info.model, ("custom",), made)
        done += len(some)
        job_ctx.progress(done)
        if job_ctx.should_stop:
            return None
    return done


def _drop_keys(job_ctx: JobContext, workspace: Workspace, on_type: str, slot: str) -> bool:
    """Take the keys of one slot out of the value index, in portions; False when it was broken off."""
    keys = IndexedValue.objects.filter(workspace_id=workspace.pk, type=on_type, field__in=[slot, f"{slot}~"])
    while some := list(keys.values_list("pk", flat=True)[:_BATCH]):
        keys.filter(pk__in=some).delete()
        if job_ctx.should_stop:
            return False
    return True


def outdated(workspace_id: UUID) -> list[KindChange]:
    """Changes whose old values have been kept long enough."""
    rows = KindChange.objects.filter(workspace_id=workspace_id, is_purged=False, finished_at__lt=timezone.now() - KEPT_FOR)
    return list(rows.order_by("id"))
