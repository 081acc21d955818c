"""Work of the web surface that is done outside of a request."""

from __future__ import annotations

from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import job
from rapport.surfaces.web import digest
from rapport.surfaces.web.signing_in import resets


@job(max_attempts=3, name="web.send_reset")
def send_reset(ctx: JobContext, *, email: str, base: str) -> None:
    """Mail the link for a new password, if there is somebody to mail it to."""
    resets.mail_link(email, base)


#: Digests declare their own tasks; workers learn of them by this import.
__all__ = ["digest", "send_reset"]
