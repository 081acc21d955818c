"""Scheduled work of the kernel itself."""

from __future__ import annotations

from rapport.kernel.files.attaching import remove_unattached
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import daily
from rapport.kernel.jobs.tasks import job


@daily(at="03:40")
@job(max_attempts=1)
def remove_unattached_uploads(job_ctx: JobContext) -> int:
    """Once a night: uploads of yesterday that were never saved on a record."""
    del job_ctx
    return remove_unattached()
