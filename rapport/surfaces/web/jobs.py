"""Work of the web surface that is done outside of a request."""

from __future__ import annotations

from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import job
from rapport.surfaces.web import digest
from rapport.surfaces.web.forms import mailing as forms_mailing
from rapport.surfaces.web.portal import mailing as portal_mailing
from rapport.surfaces.web.signing_in import resets


@job(max_attempts=3, name="web.send_reset")
def send_reset(ctx: JobContext, *, email: str, base: str) -> None:
    """Mail the link for a new password, if there is somebody to mail it to."""
    resets.mail_link(email, base)


#: Digests and mails declare their own tasks; workers learn of them by these imports.
__all__ = ["digest", "forms_mailing", "portal_mailing", "send_reset"]
