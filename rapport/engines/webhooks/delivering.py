"""The work of one endpoint: what is due goes out in the order of the change log, and where it stops is remembered.

While the receiver is down the first message waits and all others behind it, as places in the log and not as rows. A
receiver that is there and refuses one message does not hold up the rest: that one is set aside and tried again by itself.
A worker that is killed repeats at most one message, under the id that it had.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from rapport.engines.notices.writing import put_once
from rapport.engines.webhooks.holding import held
from rapport.engines.webhooks.messages import Message, keeper_of, messages_of
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from rapport.engines.webhooks.sending import Outcome, attempt, note, wait_after
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Invalid

#: Changes read at once, and numbers looked at for them; the rights they are read with are never older than a batch.
_BATCH, _NUMBERS = 50, 500
_OLDEST_RIGHTS = 30.0
#: Seconds one job works for an endpoint, so that others have their turn.
TURN = 20.0
_LEASE = dt.timedelta(minutes=2)
#: An endpoint to which nothing got through for so long is switched off.
PATIENCE = dt.timedelta(days=5)


@dataclass
class Run:
    """What a turn did."""

    sent: int = 0
    #: There is more to do at once.
    more: bool = False


def deliver(workspace: Workspace, webhook_id: UUID, *, stop: Callable[[], bool] = bool, turn: float = TURN) -> Run:
    """Send what is due to one endpoint. Inside `use_workspace`; never inside a transaction, for it talks to the outside."""
    run, ends = Run(), time.monotonic() + turn
    states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook_id)
    now = timezone.now()
    free = states.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=now))
    if held(workspace.pk) is not None or not free.update(busy_until=now + _LEASE):
        return run
    try:
        _aside(workspace, webhook_id, lambda: stop() or time.monotonic() > ends)
        while not stop():
            if time.monotonic() > ends:
                run.more = True
                break
            states.update(busy_until=timezone.now() + _LEASE)
            if not _batch(workspace, webhook_id, run, stop):
                break
    finally:
        states.update(busy_until=None)
    return run


def _batch(workspace: Workspace, webhook_id: UUID, run: Run, stop: Callable[[], bool]) -> bool:
    """Send the next few; whether there may be more to send now."""
    webhook, state, ctx = ready(workspace, webhook_id)
    if webhook is None or state is None or ctx is None:
        return False
    last = Workspace.objects.values_list("change_number", flat=True).get(pk=workspace.pk)
    if state.position >= last:
        return False
    upto = min(state.position + _NUMBERS, last)
    rows = Change.objects.filter(workspace_id=workspace.pk, number__gt=state.position, number__lte=upto, verb__in=WRITES)
    if webhook.on_type:
        rows = rows.filter(type=webhook.on_type)
    changes = list(rows.order_by("number")[:_BATCH])
    upto = changes[-1].number if len(changes) == _BATCH else upto
    states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook_id)
    try:
        messages = messages_of(ctx, webhook, changes)
    except Invalid:
        states.update(problem="filter")
        return False
    at = state.position
    began = time.monotonic()
    for message in messages:
        if stop() or time.monotonic() - began > _OLDEST_RIGHTS or held(workspace.pk) is not None:
            return not stop()
        if not _send(workspace, webhook, state, message):
            return False
        run.sent += 1
        # On the condition that nobody sent the endpoint back in the log meanwhile; then it begins anew from there.
        if not states.filter(position=at).update(position=message.number, busy_until=timezone.now() + _LEASE):
            return True
        at = message.number or at
    states.filter(position=at).update(position=upto)
    return upto < last


def ready(workspace: Workspace, webhook_id: UUID) -> tuple[Webhook | None, WebhookState | None, Context | None]:
    """The endpoint, its state and the eyes of its keeper, if it may send now."""
    webhook = Webhook.objects.filter(workspace_id=workspace.pk, pk=webhook_id, deleted_at=None, is_active=True).first()
    states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook_id)
    state = states.first()
    if webhook is None or state is None or (state.next_at is not None and state.next_at > timezone.now()):
        return None, None, None
    if not state.secret:
        return None, None, None  # nothing leaves unsigned
    ctx = keeper_of(workspace, webhook)
    problem = "" if ctx is not None else "nobody"
    if state.problem != problem:
        states.update(problem=problem)
    return webhook, state, ctx


def _send(workspace: Workspace, webhook: Webhook, state: WebhookState, message: Message) -> bool:
    """Send one message; whether the line goes on."""
    rows = Delivery.objects.filter(
        workspace_id=workspace.pk, webhook_id=webhook.pk, number=message.number, status=Delivery.WAITING
    )
    delivery = rows.first() or Delivery(
        workspace_id=workspace.pk, webhook_id=webhook.pk, message_id=message.id, number=message.number, event=message.event,
        record_id=message.record_id, status=Delivery.WAITING, created_at=timezone.now(),
    )  # fmt: skip
    outcome = attempt(webhook.url, state, message)
    states = WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook.pk)
    if outcome.arrived:
        note(delivery, message, outcome)
        if state.failing_since is not None:
            states.update(failing_since=None, next_at=None)
        return True
    now, wait = timezone.now(), wait_after(delivery.attempts + 1)
    if outcome.is_refusal:
        delivery.status, delivery.next_at = (Delivery.ASIDE, now + wait) if wait else (Delivery.LEFT, None)
        note(delivery, message, outcome)
        return True
    note(delivery, message, outcome)
    since = state.failing_since or now
    if outcome.is_over or now - since > PATIENCE:
        switch_off(workspace, webhook, "gone" if outcome.is_over else "failing")
        return False
    # The line never gives its first message up while there is hope: from the last wait on, once a day.
    states.update(failing_since=since, next_at=now + (wait or dt.timedelta(days=1)))
    return False


def _aside(workspace: Workspace, webhook_id: UUID, stop: Callable[[], bool]) -> None:
    """Try the messages again that the receiver refused, one by one, each by its own waits."""
    due = Delivery.objects.filter(
        workspace_id=workspace.pk, webhook_id=webhook_id, status=Delivery.ASIDE, next_at__lte=timezone.now()
    )
    for delivery in list(due.order_by("next_at")[:_BATCH]):
        webhook, state, ctx = ready(workspace, webhook_id)
        if webhook is None or state is None or ctx is None or stop():
            return
        again(workspace, webhook, state, ctx, delivery)
        WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook_id).update(busy_until=timezone.now() + _LEASE)


def again(workspace: Workspace, webhook: Webhook, state: WebhookState, ctx: Context, delivery: Delivery) -> Outcome | None:
    """Send a message of the log once more, made anew through the keeper's eyes; None when there is nothing left to tell."""
    message = message_again(ctx, webhook, delivery)
    if message is None:
        Delivery.objects.filter(workspace_id=workspace.pk, pk=delivery.pk).update(status=Delivery.LEFT, next_at=None)
        return None
    outcome = attempt(webhook.url, state, message)
    if not outcome.arrived and delivery.status == Delivery.ASIDE:
        wait = wait_after(delivery.attempts + 1)
        delivery.status, delivery.next_at = (Delivery.ASIDE, timezone.now() + wait) if wait else (Delivery.LEFT, None)
    note(delivery, message, outcome)
    return outcome


def message_again(ctx: Context, webhook: Webhook, delivery: Delivery) -> Message | None:
    """The message of a delivery, as it would be made now."""
    if delivery.number is None:
        return Message(delivery.message_id, None, delivery.event, None, delivery.body.encode())
    rows = list(Change.objects.filter(workspace_id=ctx.workspace.pk, number=delivery.number))
    found = messages_of(ctx, webhook, rows)
    return found[0] if found else None


def switch_off(workspace: Workspace, webhook: Webhook, problem: str) -> None:
    """Switch an endpoint off and tell its keeper."""
    system_context(workspace, "webhooks").write(webhook, is_active=False)
    WebhookState.objects.filter(workspace_id=workspace.pk, webhook_id=webhook.pk).update(problem=problem, next_at=None)
    if webhook.runs_as_id is not None:
        once = f"webhook:{webhook.pk.hex}:{timezone.now():%Y%m%d}"
        put_once(workspace, "webhook", "webhook", {webhook.runs_as_id: [webhook.pk]}, once=once)
