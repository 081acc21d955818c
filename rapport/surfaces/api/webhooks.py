"""What webhooks have besides the life of every record: their secret, and the log of what was sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.webhooks import desk
from rapport.engines.webhooks.models import Delivery
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import body_of, limit_of, parameters


def make_secret(ctx: Context, request: HttpRequest, record_id: str) -> HttpResponse:
    """POST /api/v1/webhook/{id}/secret: a new secret, told this once; the one before is good for another day."""
    parameters(request, ())
    if body_of(request, may_be_empty=True):
        raise bad_request(_("This takes no values."))
    webhook = gate.get(ctx, registry.get("webhook"), record_id, "edit")
    return answer({"secret": desk.new_secret(ctx, webhook)}, 201, {})  # type: ignore[arg-type]


def read_deliveries(ctx: Context, request: HttpRequest, record_id: str) -> HttpResponse:
    """GET /api/v1/webhook/{id}/deliveries: what was sent, newest first. Only for who may change the webhook: messages hold
    what its keeper sees."""
    given = parameters(request, ("limit", "cursor"))
    webhook = gate.get(ctx, registry.get("webhook"), record_id, "edit")
    rows = Delivery.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk).order_by("-id")
    if given.get("cursor"):
        before = as_id(given["cursor"])
        if before is None:
            raise bad_request(_("This page mark is not of this list; start from the first page."), code="bad_cursor")
        rows = rows.filter(pk__lt=before)
    limit = limit_of(given)
    found = list(rows[: limit + 1])
    following = str(found[limit - 1].pk) if len(found) > limit else None
    return answer({"items": [_item(one) for one in found[:limit]], "next": following}, 200, {})


def _item(one: Delivery) -> dict[str, object]:
    return {
        "id": one.pk, "message": one.message_id, "number": one.number, "event": one.event, "record": one.record_id,
        "status": one.status, "attempts": one.attempts, "answer_status": one.answer_status, "error": one.error or None,
        "milliseconds": one.milliseconds, "created_at": one.created_at.isoformat(),
        "tried_at": one.tried_at.isoformat() if one.tried_at else None,
        "next_at": one.next_at.isoformat() if one.next_at else None,
    }  # fmt: skip
