"""Replies in chats: said there while the visitor is here; what they did not come to read goes after them by mail."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.livechat.talking import HERE, is_here, talk_in
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.modules.service.mail_out import send_reply
from rapport.modules.service.models import Ticket, TicketEntry, TicketMail

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Their browser has asked for lines by then, if it is still there.
_LATER = HERE + dt.timedelta(seconds=30)


def stands_in_chat(ctx: Context, ticket: Ticket, entry: TicketEntry) -> bool:
    """Whether a reply is said to a visitor who is here, so that no mail is needed. Whoever closes the chat just then, before
    their browser asked once more, is sent it after all: a job looks a minute later."""
    talk = talk_in(ctx.workspace.pk, "ticket", ticket.pk) if ticket.channel == "chat" else None
    if talk is None or not is_here(talk, ctx.format.now):
        return False
    later = ctx.format.now + _LATER
    enqueue("service.send_unread", workspace=ctx.workspace, run_after=later, ticket=str(ticket.pk), entry=str(entry.pk))
    return True


@job(max_attempts=3, name="service.send_unread")
def send_unread(job_ctx: JobContext, *, ticket: str, entry: str) -> bool:
    """Mail a reply that the visitor's browser never came to show; once."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        ctx = system_context(workspace, "chat")
        asked = Ticket.objects.filter(workspace_id=workspace.pk, pk=UUID(ticket), deleted_at=None).first()
        said = TicketEntry.objects.filter(workspace_id=workspace.pk, pk=UUID(entry), deleted_at=None).first()
        talk = talk_in(workspace.pk, "ticket", asked.pk) if asked is not None else None
        if asked is None or said is None or talk is None or talk.seen_at >= said.created_at:
            return False
        if TicketMail.objects.filter(workspace_id=workspace.pk, ticket_id=asked.pk, entry_id=said.pk).exists():
            return False
        return send_reply(ctx, asked, said) is not None
