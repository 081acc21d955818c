"""When backups are made: each hour by themselves, and whenever somebody presses the button."""

from __future__ import annotations

import time
from uuid import UUID

from django.db import transaction

from rapport.engines.backup import place, record
from rapport.engines.backup.rounds import Stopped, Tell, go_round, is_proof_due
from rapport.kernel.access.models import Workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job

#: Below everything people wait for.
_LOW = -50
#: Of the runner's time at most this much goes into backups that nobody asked for.
_SHARE = 0.05
MAKE, PROVE = "make", "prove"


@every(seconds=3600)
@job(max_attempts=2, priority=_LOW, name="backup.hourly")
def hourly(job_ctx: JobContext) -> str:
    """Each hour a backup, and once a day the proof that the newest can be restored. The runner does nothing else meanwhile, so
    that a company of millions of records, whose round takes minutes, has them more seldom."""
    if not place.is_on() or not Workspace.objects.exists() or not record.rest_over(_SHARE):
        return ""
    begun = time.monotonic()
    problem = _go(job_ctx, make=True, prove=is_proof_due(), by=record.BY_ITSELF)
    record.remember_round(time.monotonic() - begun)
    return problem


@job(max_attempts=2, priority=10, name="backup.asked")
def asked(job_ctx: JobContext, *, what: str, who: str) -> str:
    """A backup, or the proof of the newest, because somebody asked for it."""
    return _go(job_ctx, make=what == MAKE, prove=what == PROVE, by=who)


def ask(workspace: Workspace, user_id: UUID, *, what: str, who: str) -> None:
    """Enqueue what a button asks for."""
    with transaction.atomic():
        made = enqueue(asked, workspace=workspace, asked_by=user_id, what=what, who=who)
    record.remember_job(str(made.pk))


def _go(job_ctx: JobContext, *, make: bool, prove: bool, by: str) -> str:
    try:
        return go_round(_telling(job_ctx), make=make, prove=prove, by=by)
    except Stopped:
        return ""


def _telling(job_ctx: JobContext) -> Tell:
    def tell(step: str, share: float) -> None:
        job_ctx.progress(round(share * 100), 100, step)
        if job_ctx.should_stop:
            raise Stopped

    return tell
