"""When mailboxes are read: every minute those whose time has come, each in a job of its own; and when mail goes out."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rapport.engines.mail.answering import forget_old_counts
from rapport.engines.mail.forgetting import forget_old
from rapport.engines.mail.laying_by import done_with_files, lay_by
from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.reminding import remind_due
from rapport.engines.mail.sending import recover, send_one
from rapport.engines.mail.turns import take_turn_at
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job


@every(seconds=60)
@job(name="mail.wake")
def wake_mailboxes(job_ctx: JobContext) -> None:
    """Every minute: mailboxes whose next turn is due."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            wake_due(workspace)


def wake_due(workspace: Workspace) -> int:
    """Enqueue a turn for each mailbox that is due; returns how many. Inside `use_workspace`."""
    active = Mailbox.objects.filter(workspace_id=workspace.pk, deleted_at=None, is_active=True).values("pk")
    due = Q(next_at__isnull=True) | Q(next_at__lte=timezone.now())
    states = MailboxState.objects.filter(due, workspace_id=workspace.pk, mailbox_id__in=active)
    return sum(start(workspace, state) for state in states)


def start(workspace: Workspace, state: MailboxState) -> bool:
    """Enqueue a turn for a mailbox unless one is on its way."""
    unfinished = Job.objects.filter(pk=state.job_id, status__in=(Job.Status.READY, Job.Status.RUNNING))
    if state.job_id is not None and unfinished.exists():
        return False
    with transaction.atomic():
        made = enqueue(read_mailbox, workspace=workspace, mailbox=str(state.mailbox_id))
        MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=state.mailbox_id).update(job_id=made.pk)
    return True


@job(max_attempts=3, priority=-5, name="mail.read")
def read_mailbox(job_ctx: JobContext, *, mailbox: str) -> dict[str, int]:
    """One turn at a mailbox; what is left over waits for the next."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        run = take_turn_at(workspace, UUID(mailbox), stop=lambda: job_ctx.should_stop)
        if run is None:
            return {"seen": 0}
        states = MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=UUID(mailbox))
        states.filter(job_id=job_ctx.job_id).update(job_id=None)
        state = states.first()
        if run.more and state is not None and not job_ctx.should_stop:
            start(workspace, state)
    return {"seen": run.seen, "missing": run.missing}


@job(max_attempts=5, priority=20, name="mail.send")
def send_mail(job_ctx: JobContext, *, outgoing: str) -> str:
    """Send one message; a job that was cut off finds out how far it came."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        return send_one(workspace, UUID(outgoing), job_id=job_ctx.job_id)


@job(max_attempts=4, priority=-5, name="mail.lay_by")
def lay_sent_by(job_ctx: JobContext, *, outgoing: str) -> bool:
    """Lay a copy of what was sent into the mailbox's folder of sent mail, unless the server did."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        laid = lay_by(workspace, UUID(outgoing))
        if laid or job_ctx.attempt >= 4:
            done_with_files(workspace, UUID(outgoing))
    return laid


@every(seconds=60)
@job(name="mail.outbox")
def look_after_outboxes(job_ctx: JobContext) -> None:
    """Every minute: messages whose sender died, and such as nobody waits for."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            recover(workspace)
            remind_due(workspace)
            forget_old_counts(workspace.pk)
            forget_old(workspace.pk)
