"""Complaints: each ticket that is one gets its steps, and a day by which it is answered."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext_lazy as _

from rapport.modules.service.models import Complaint, Queue, Ticket

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

#: The policy as it is shipped: what each step asks of us. The keys are `Complaint.STEPS`.
POLICY = {
    "received": _("Respect: say thank you, say who looks after it, and by when the customer hears from us."),
    "looked_into": _("Responsibility: find out what happened and why. Somebody of us is responsible, never the customer."),
    "answered": _("Say plainly what went wrong on our side, without excuses."),
    "made_good": _("Refund: money back, a credit or a replacement, without being asked twice."),
    "learned": _("Write down what we change, so that it does not happen to the next customer."),
}


def begin_complaints(ctx: Context, written: list[Written]) -> None:
    """Open the complaint of tickets that became one (an effect)."""
    wanted = [
        cast(Ticket, one.record) for one in written
        if one.verb in ("create", "update") and one.changed("kind") and cast(Ticket, one.record).kind == "complaint"
    ]  # fmt: skip
    if not wanted:
        return
    system, today = ctx.as_system("complaints"), ctx.format.today
    ids = [ticket.pk for ticket in wanted]
    rows_there = Complaint.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, ticket_id__in=ids)
    there = set(rows_there.values_list("ticket_id", flat=True))
    days = dict(Queue.objects.filter(workspace_id=ctx.workspace.pk).values_list("pk", "complaint_days"))
    rows = [
        {"ticket": ticket.pk, "responsible": ticket.owner_id,
         "answer_by": today + dt.timedelta(days=days.get(ticket.queue_id, 14))}
        for ticket in wanted if ticket.pk not in there
    ]  # fmt: skip
    system.create_many("complaint", [{key: value for key, value in row.items() if value is not None} for row in rows])


def next_step(complaint: Complaint) -> str:
    """The step after the one a complaint stands at; "" after the last."""
    keys = list(POLICY)
    return next(iter(keys[keys.index(complaint.step) + 1 :]), "")
