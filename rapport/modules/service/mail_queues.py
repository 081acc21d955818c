"""Which queue a mailbox feeds, and since when; which message belongs to which ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from rapport.engines.mail.models import Mailbox
from rapport.modules.service.models import Queue, Ticket, TicketMail

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context


def begin_mail(ctx: Context, written: list[Written]) -> None:
    """From the moment a mailbox is chosen its mail becomes tickets; what lies in it already stays mail (an effect)."""
    for one in written:
        queue = cast(Queue, one.record)
        if one.verb in ("create", "update") and one.changed("mailbox"):
            ctx.as_system("mail").write(queue, mail_since=ctx.format.now if queue.mailbox_id else None)


def queue_of(ctx: Context, mailbox_id: UUID) -> Queue | None:
    """The queue that a mailbox feeds."""
    rows = Queue.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, mailbox_id=mailbox_id)
    return rows.order_by("pk").first()


def mailbox_of(ctx: Context, queue_id: UUID) -> Mailbox | None:
    """The mailbox through which a queue hears and answers, while it is in use."""
    row = Queue.objects.filter(workspace_id=ctx.workspace.pk, pk=queue_id).select_related("mailbox").first()
    mailbox = row.mailbox if row is not None else None
    return mailbox if mailbox is not None and mailbox.is_active and mailbox.deleted_at is None else None


def note_message(ctx: Context, ticket: Ticket, message_id: str, **more: object) -> None:
    """A message belongs to a ticket: one that came (`mail_id`), or one in the outbox (`outgoing_id`)."""
    TicketMail.objects.create(
        workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, message_id=message_id[:250], at=ctx.format.now, **more
    )


def mark_lost(ctx: Context, outgoing_id: UUID) -> bool:
    """Note that a message of a ticket did not arrive; False when that is known, or it belongs to no ticket."""
    rows = TicketMail.objects.filter(workspace_id=ctx.workspace.pk, outgoing_id=outgoing_id, is_lost=False)
    return bool(rows.update(is_lost=True))
