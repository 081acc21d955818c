"""Kept answers go after a day."""

from __future__ import annotations

from django.utils import timezone

from rapport.engines.programs.keeping import KEPT_FOR
from rapport.engines.programs.models import KeptAnswer
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job

_AT_ONCE = 2_000


@every(seconds=3600)
@job(name="programs.forget_answers")
def forget_answers(job_ctx: JobContext) -> None:
    """Drop the answers that are kept no longer, a portion at a time."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            old = KeptAnswer.objects.filter(workspace_id=workspace.pk, started_at__lt=timezone.now() - KEPT_FOR)
            while not job_ctx.should_stop:
                some = list(old.order_by("started_at").values_list("pk", flat=True)[:_AT_ONCE])
                if not some:
                    break
                KeptAnswer.objects.filter(workspace_id=workspace.pk, pk__in=some).delete()
