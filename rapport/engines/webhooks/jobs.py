"""When endpoints work: as soon as something is written, and every minute for what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rapport.engines.webhooks.delivering import deliver
from rapport.engines.webhooks.holding import held
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.readers import change_reader
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job

#: How long the log of deliveries goes back.
KEPT_FOR = dt.timedelta(days=30)
_AT_ONCE = 2_000


@change_reader("webhooks")
def wake(workspace: Workspace, changes: Sequence[Change]) -> None:
    """Something was written: let the endpoints that are free and wait for nothing look."""
    wake_all(workspace)


def wake_all(workspace: Workspace) -> int:
    """Enqueue a turn for each endpoint that has something to do; returns how many. Inside `use_workspace`."""
    if held(workspace.pk) is not None:
        return 0
    active = Webhook.objects.filter(workspace_id=workspace.pk, deleted_at=None, is_active=True).values("pk")
    now = timezone.now()
    aside = Delivery.objects.filter(workspace_id=workspace.pk, status=Delivery.ASIDE, next_at__lte=now).values("webhook_id")
    last = Workspace.objects.values_list("change_number", flat=True).get(pk=workspace.pk)
    behind = Q(position__lt=last) & (Q(next_at__isnull=True) | Q(next_at__lte=now))
    states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id__in=active)
    return sum(start(workspace, state) for state in states.filter(behind | Q(webhook_id__in=aside)))


def start(workspace: Workspace, state: WebhookState) -> bool:
    """Enqueue a turn for an endpoint unless one is on its way."""
    unfinished = Job.objects.filter(pk=state.job_id, status__in=(Job.Status.READY, Job.Status.RUNNING))
    if state.job_id is not None and unfinished.exists():
        return False
    with transaction.atomic():
        made = enqueue(take_turn, workspace=workspace, webhook=str(state.webhook_id))
        WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=state.webhook_id).update(job_id=made.pk)
    return True


@job(max_attempts=3, priority=-5, name="webhooks.deliver")
def take_turn(job_ctx: JobContext, *, webhook: str) -> dict[str, int]:
    """Send what is due to one endpoint, for a while; whoever has more to send waits for another turn."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    webhook_id = UUID(webhook)
    with use_workspace(workspace):
        run = deliver(workspace, webhook_id, stop=lambda: job_ctx.should_stop)
        states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook_id)
        # From here on whoever writes finds no job; what was written in between is looked for once more.
        states.filter(job_id=job_ctx.job_id).update(job_id=None)
        last = Workspace.objects.values_list("change_number", flat=True).get(pk=workspace.pk)
        state = states.filter(position__lt=last, next_at__isnull=True, problem="").first()
        # Not when nothing went out: what it waits for then is no write, and the look of every minute finds it.
        if state is not None and (run.more or run.sent):
            start(workspace, state)
    return {"sent": run.sent}


@every(seconds=60)
@job(name="webhooks.wake")
def wake_what_waits(job_ctx: JobContext) -> None:
    """Every minute: endpoints whose wait is over, and messages set aside."""
    for workspace in Workspace.objects.filter(change_number__gt=0):
        with use_workspace(workspace):
            wake_all(workspace)


@every(seconds=24 * 3600)
@job(name="webhooks.forget")
def forget_deliveries(job_ctx: JobContext) -> None:
    """Drop what the log keeps no longer."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            old = Delivery.objects.filter(workspace_id=workspace.pk, created_at__lt=timezone.now() - KEPT_FOR)
            while not job_ctx.should_stop:
                some = list(old.order_by("created_at").values_list("pk", flat=True)[:_AT_ONCE])
                if not some:
                    break
                Delivery.objects.filter(workspace_id=workspace.pk, pk__in=some).delete()
