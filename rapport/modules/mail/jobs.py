"""Long work on messages: bringing what a mailbox shares in line."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from rapport.engines.mail.models import SeenMessage
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.modules.mail.audience import close_to_colleagues, mails_of, settle

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: So many messages are settled at once where somebody waits; more go into a job.
_AT_ONCE = 500
_MOST_SOME = 100_000


def reshare(ctx: Context, mailbox_id: UUID) -> None:
    """Colleagues lose at once what the mailbox showed them; what they still may see comes back, in a job when it is much."""
    after: UUID | None = None
    while some := mails_of(ctx, mailbox_id, after=after, limit=10_000):
        close_to_colleagues(ctx, some)
        after = some[-1]
    first = mails_of(ctx, mailbox_id, limit=_AT_ONCE)
    settle(ctx, first)
    if len(first) == _AT_ONCE:
        enqueue(settle_mailbox, workspace=ctx.workspace, mailbox=str(mailbox_id))


def reshare_some(ctx: Context, mailbox_id: UUID, mails: QuerySet) -> None:
    """The same for some messages of a mailbox (a conversation's, a customer's)."""
    seen = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox_id, record_id__in=mails)
    ids = list(seen.order_by().values_list("record_id", flat=True).distinct()[: _MOST_SOME + 1])
    close_to_colleagues(ctx, ids)
    settle(ctx, ids[:_AT_ONCE])
    if len(ids) > _AT_ONCE:
        enqueue(settle_mailbox, workspace=ctx.workspace, mailbox=str(mailbox_id))


@job(max_attempts=5, name="mail.settle")
def settle_mailbox(job_ctx: JobContext, *, mailbox: str) -> None:
    """Work out again who sees the messages of a mailbox; starting over does no harm."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        ctx = system_context(workspace, "mail")
        after, done = None, 0
        while not job_ctx.should_stop and (some := mails_of(ctx, UUID(mailbox), after=after, limit=_AT_ONCE)):
            with unit_of_work(ctx):
                settle(ctx, some)
            after, done = some[-1], done + len(some)
            job_ctx.progress(done)
