"""Large batches as jobs: with progress, and a way to stop them."""

from __future__ import annotations

from django.db import transaction
from django.utils import translation

from rapport.engines.batches.models import Batch
from rapport.engines.batches.run import AT_ONCE, carry_on, end
from rapport.kernel.access.models import User
from rapport.kernel.changes.events import note_denied
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Refused
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import GiveUp, enqueue, job


def start(ctx: Context, batch: Batch) -> Batch:
    """Do a small batch now; a large one becomes a job."""
    if batch.total <= AT_ONCE:
        return carry_on(ctx, batch)
    with transaction.atomic():
        made = enqueue(
            carry_on_in_background, workspace=ctx.workspace, asked_by=ctx.actor_id, key=str(batch.pk), batch=str(batch.pk)
        )
        Batch.objects.filter(workspace_id=ctx.workspace.pk, pk=batch.pk).update(job_id=made.pk)
    batch.job_id = made.pk
    return batch


@job(max_attempts=5, priority=20, name="batches.carry_on")
def carry_on_in_background(job_ctx: JobContext, *, batch: str) -> dict[str, object]:
    """Do what is left of a batch, as the person who asked and with their rights of this moment."""
    user = User.objects.select_related("role").filter(pk=job_ctx.asked_by, is_active=True, deleted_at=None).first()
    found = Batch.objects.filter(workspace_id=job_ctx.workspace_id, pk=batch, actor_id=job_ctx.asked_by).first()
    if user is None or found is None:
        raise GiveUp("The person who asked for this may no longer work here.")
    ctx = context_for(user, "web")

    def watch(one: Batch) -> bool:
        job_ctx.progress(one.total - len(one.left), one.total)
        return not job_ctx.should_stop

    with translation.override(ctx.format.language):
        carry_on(ctx, found, watch)
        if job_ctx.stop_requested:
            end(ctx, found)
        if found.finished_at and found.refused:
            # One entry for all, as for the rows of a small batch.
            note_denied(ctx, Refused(), type_key=found.type, record_id=None, writes=True, path="", count=found.refused)
    return {"done": found.done}
