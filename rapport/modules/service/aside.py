"""Putting a ticket aside for a while: it leaves the lists of work and comes back by itself. Its clocks go on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.notices.writing import put_once
from rapport.kernel import format as shown_as
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.modules.service.models import Ticket

if TYPE_CHECKING:
    from rapport.kernel.context import Context

UNTIL = [
    ("soon", _("In three hours")), ("tomorrow", _("Tomorrow at eight")), ("monday", _("Next Monday at eight")),
    ("at", _("The day and time below")), ("answer", _("When the customer answers")),
]  # fmt: skip
_BATCH = 500
#: What `bring_back` and an answer of the customer write.
BACK: dict[str, object] = {"aside_since": None, "aside_until": None, "aside_by": None}


def moment_of(ctx: Context, until: str, at: dt.datetime | None) -> dt.datetime | None:
    """When it comes back, by the clock of whoever puts it aside; None for when the customer answers."""
    if until == "answer":
        return None
    if until == "at":
        if at is None:
            raise Invalid(_t("Fill in the day and the time."), field="at")
        return at
    if until == "soon":
        return ctx.format.now + dt.timedelta(hours=3)
    today = ctx.format.now.astimezone(ctx.format.zone).date()
    ahead = 1 if until == "tomorrow" else (7 - today.weekday()) or 7
    return dt.datetime.combine(today + dt.timedelta(days=ahead), dt.time(8), ctx.format.zone)


def aside_words(ctx: Context, ticket: Ticket) -> str:
    """What its page says; "" for one that is not put aside."""
    if ticket.aside_since is None:
        return ""
    if ticket.aside_until is None:
        return _t("Put aside until the customer answers")
    return _t("Put aside until %(when)s") % {"when": shown_as.moment(ticket.aside_until, ctx.format)}


def tell_back(ctx: Context, ticket: Ticket) -> None:
    """Whoever put it aside, and its owner, hear that it is back; each once for each time."""
    whose: dict[UUID, list[UUID]] = {one: [ticket.pk] for one in (ticket.aside_by_id, ticket.owner_id) if one is not None}
    since = int(ticket.aside_since.timestamp()) if ticket.aside_since else 0
    put_once(ctx.workspace, "aside", "ticket", whose, once=f"aside:{ticket.pk.hex}:{since}")


@every(seconds=60)
@job(max_attempts=1, name="service.aside")
def bring_back_everywhere(job_ctx: JobContext) -> int:
    """In every workspace, the tickets whose time has come."""
    back = 0
    for workspace in Workspace.objects.all():
        if job_ctx.should_stop:
            break
        with use_workspace(workspace):
            back += bring_back_due(workspace)
    return back


def bring_back_due(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Those of one workspace; notice and return are one transaction."""
    ctx = system_context(workspace, "put aside")
    rows = Ticket.objects.filter(workspace_id=workspace.pk, deleted_at=None, aside_until__lte=now or ctx.format.now)
    back = 0
    for ticket in rows.order_by("aside_until", "pk")[:_BATCH]:
        with transaction.atomic():
            tell_back(ctx, ticket)
            ctx.write(ticket, **BACK)
            back += 1
    return back
