"""What comes round: the rounds of regular surveys, and asks that nobody answered in time."""

from __future__ import annotations

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.modules.satisfaction.asks import expire
from rapport.modules.satisfaction.occasions import go_round


@every(seconds=300)
@job(max_attempts=1, name="satisfaction.rounds")
def go_rounds(job_ctx: JobContext) -> int:
    """In every workspace, the next few hundred people."""
    made = 0
    for workspace in Workspace.objects.all():
        if job_ctx.should_stop:
            break
        with use_workspace(workspace):
            made += go_round(system_context(workspace, "survey"))
    return made


@every(seconds=86_400)
@job(max_attempts=1, name="satisfaction.expire")
def close_old_ones(job_ctx: JobContext) -> int:
    """Once a day, in every workspace."""
    closed = 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            closed += expire(system_context(workspace, "survey"))
    return closed
