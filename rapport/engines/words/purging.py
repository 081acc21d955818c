"""Values of deleted fields are kept for a month, so that deleting can be taken back, and then removed for good."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rapport.engines.words.kind_change.tasks import clear_slot, clear_slots, outdated
from rapport.engines.words.models import KeptValue, KindChange
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.custom.models import CustomField, UniqueValue
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import daily
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry

KEPT_FOR = dt.timedelta(days=30)
_BATCH = 500


@daily(at="04:10")
@job(max_attempts=1, name="words.purge_deleted")
def purge_deleted(job_ctx: JobContext) -> int:
    """Once a night: one job for each workspace that has fields deleted longer ago than that."""
    del job_ctx
    found = 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            for change in outdated(workspace.pk):
                enqueue(clear_slots, workspace=workspace, change=str(change.pk))
            if _long_gone(workspace):
                enqueue(purge_workspace, workspace=workspace)
                found += 1
    return found


def _long_gone(workspace: Workspace) -> list[CustomField]:
    """Fields deleted longer ago whose values still stand."""
    rows = CustomField.objects.filter(workspace_id=workspace.pk, deleted_at__lt=timezone.now() - KEPT_FOR)
    return [row for row in rows.order_by("id") if not row.is_purged]


@job(max_attempts=8, name="words.purge_workspace")
def purge_workspace(job_ctx: JobContext) -> int:
    """Take the values of long deleted fields out of their records, in portions."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    system_context(workspace, "purging")
    done = 0
    for row in _long_gone(workspace):
        done += _purge(job_ctx, workspace, row)
        if job_ctx.should_stop:
            return done
        CustomField.objects.filter(workspace_id=workspace.pk, pk=row.pk).update(is_purged=True)
    return done


def _purge(job_ctx: JobContext, workspace: Workspace, row: CustomField) -> int:
    """One field; a record that somebody saves at this very moment keeps its version and is met by the next round."""
    changes = KindChange.objects.filter(workspace_id=workspace.pk, field_id=row.pk)
    # What did not fit stands in a field of its own, which may live on.
    others = {slot for one in changes for slot in (one.before["slot"], one.after["slot"])}
    for other in sorted(others - {row.slot, row.key}) if row.on_type in registry else ():
        if clear_slot(job_ctx, workspace, row.on_type, other) is None:
            return 0
    slot = row.slot or row.key
    field_names = (row.key, f"{row.key}~", slot, f"{slot}~")
    for table in (IndexedValue, UniqueValue, KeptValue):
        table.objects.filter(workspace_id=workspace.pk, type=row.on_type, field__in=field_names).delete()
    if row.on_type not in registry:
        return 0
    model, last, done = registry.get(row.on_type).model, UUID(int=0), 0
    rows = model.objects.filter(workspace_id=workspace.pk, custom__has_key=slot)
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        last = some[-1].pk
        with transaction.atomic():
            for record in some:
                rest = {key: value for key, value in record.custom.items() if key not in (slot, row.key)}
                model.objects.filter(workspace_id=workspace.pk, pk=record.pk, version=record.version).update(custom=rest)
        done += len(some)
        job_ctx.progress(done)
        if job_ctx.should_stop:
            break
    return done
