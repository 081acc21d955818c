"""Values of deleted fields are kept for a month, so that deleting can be taken back, and then removed for good."""

from __future__ import annotations

import datetime as dt

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

KEPT_FOR = dt.timedelta(days=30)


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
    """One field, in every place where its values ever stood."""
    changes = KindChange.objects.filter(workspace_id=workspace.pk, field_id=row.pk)
    # What did not fit stands in a field of its own, which may live on.
    slots = {row.key, row.slot or row.key} | {str(slot) for one in changes for slot in (one.before["slot"], one.after["slot"])}
    for table in (UniqueValue, KeptValue):
        table.objects.filter(workspace_id=workspace.pk, type=row.on_type, field=row.key).delete()
    done = 0
    for slot in sorted(slots):
        cleared = clear_slot(job_ctx, workspace, row.on_type, slot)
        if cleared is None:
            break
        done += cleared
    return done
