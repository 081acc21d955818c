"""The running program writes down who may do what, for the upgrade that comes some day."""

from __future__ import annotations

from rapport.engines.upgrade.fingerprint import keep
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job


@every(seconds=3600)
@job(max_attempts=1, priority=-60, name="upgrade.keep_fingerprint")
def keep_fingerprint(job_ctx: JobContext) -> str:
    """Each hour, and nothing is read when nothing that decides was changed."""
    del job_ctx
    return keep().hash
