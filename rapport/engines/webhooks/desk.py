"""What a person does at an endpoint: a secret, a test, one message or a stretch of them once more."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.engines.webhooks.delivering import again
from rapport.engines.webhooks.holding import held
from rapport.engines.webhooks.messages import Message, keeper_of
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from rapport.engines.webhooks.sending import Outcome, attempt, note
from rapport.engines.webhooks.signing import rotate
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.events import note_event
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.ids import new_id


def new_secret(ctx: Context, webhook: Webhook) -> str:
    """A new secret, told this once; the one before is good for another day. The audit log says that it was made."""
    state = state_of(ctx, webhook)
    fresh = rotate(state, timezone.now())
    WebhookState.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk).update(
        secret=state.secret, old_secret=state.old_secret, old_secret_until=state.old_secret_until
    )
    note_event(ctx, "secret_made", webhook)
    return fresh


def state_of(ctx: Context, webhook: Webhook) -> WebhookState:
    """Secrets and place of an endpoint."""
    return WebhookState.objects.get(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk)


def send_test(ctx: Context, webhook: Webhook) -> Outcome:
    """Send a message that is about nothing, now, and keep it in the log."""
    _demand_open(ctx)
    message_id = f"msg_{new_id().hex}"
    body = {"type": "webhook.test", "timestamp": timezone.now().isoformat(), "data": {"workspace": ctx.workspace.pk}}
    message = Message(message_id, None, "webhook.test", None, orjson.dumps(body, default=str))
    outcome = attempt(webhook.url, state_of(ctx, webhook), message)
    delivery = Delivery(
        workspace_id=ctx.workspace.pk, webhook_id=webhook.pk, message_id=message_id, event=message.event, status=Delivery.LEFT,
        created_at=timezone.now(),
    )  # fmt: skip
    note(delivery, message, outcome)
    return outcome


def replay(ctx: Context, webhook: Webhook, delivery_id: UUID) -> Outcome | None:
    """Send one message of the log once more, under the id it had. None when its keeper may not tell of it any more."""
    _demand_open(ctx)
    delivery = Delivery.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk, pk=delivery_id).first()
    if delivery is None:
        raise Gone(_("This message is not in the log any more."))
    keeper = keeper_of(ctx.workspace, webhook)
    if keeper is None:
        raise Refused(_("The keeper of this webhook may no longer work here. Save it once to become its keeper."))
    return again(ctx.workspace, webhook, state_of(ctx, webhook), keeper, delivery)


def replay_since(ctx: Context, webhook: Webhook, number: int) -> None:
    """Go back in the change log: everything after the number is sent again, in order, each under the id it had."""
    last = Workspace.objects.values_list("change_number", flat=True).get(pk=ctx.workspace.pk)
    if not 0 <= number <= last:
        raise Invalid(_("Give a number from 0 to %(last)d.") % {"last": last}, field="since")
    WebhookState.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk).update(
        position=number, next_at=None, failing_since=None
    )


def forget_messages(workspace_id: UUID, record_ids: Iterable[UUID]) -> None:
    """Empty what the log keeps of messages about these records: their people were erased."""
    rows = Delivery.objects.filter(workspace_id=workspace_id, record_id__in=list(record_ids))
    rows.update(body="", answer="")


def _demand_open(ctx: Context) -> None:
    if held(ctx.workspace.pk) is not None:
        raise Refused(_("Deliveries of this workspace are held; let them go first."))
