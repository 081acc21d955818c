"""Calls of the telephone system: who it is, by the number; what happened, as an activity; a missed one, as a task besides."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.telephony.desk import Desk, register_desk
from rapport.kernel.access import gate
from rapport.kernel.kinds.phone import national
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from rapport.modules.activities.models import Activity

if TYPE_CHECKING:
    from rapport.engines.telephony.models import LiveCall
    from rapport.kernel.context import Context

#: Records that share a number are looked through up to here.
_MOST = 50


def find(ctx: Context, number: str) -> tuple[str, UUID] | None:
    """Whoever has the number: a person before their company, and of several whoever was spoken to last."""
    info = registry.get("customer")
    if "phones" not in gate.fields(ctx, info):
        return None
    keys = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type="customer", field="phones", key=number.lstrip("+"))
    ids = list(keys.values_list("record_id", flat=True)[:_MOST])
    rows = gate.visible(ctx, info).filter(pk__in=ids).order_by("-kind", F("last_contact_at").desc(nulls_last=True), "pk")
    found = rows.values_list("pk", flat=True).first()
    return ("customer", found) if found else None


def log(ctx: Context, call: LiveCall) -> UUID:
    """The call as an activity of whoever's telephone it was; a missed one leaves the task to call back."""
    with translation.override(ctx.workspace.language):
        who = _who(ctx, call)
        made = ctx.create(
            "activity", kind="call", direction=call.direction, subject=_subject(call, who), happened_at=call.started_at,
            minutes=_minutes(call), outcome=_outcome(call), owner=call.user_id, customer=call.record_id,
            body="" if call.record_id else call.number, **_recording(ctx, call),
        )  # fmt: skip
        if call.state == "missed":
            _call_back(ctx, call, who)
    return made.pk


def keep_recording(ctx: Context, call: LiveCall) -> None:
    """The recording came after the call."""
    made = gate.visible(ctx, registry.get("activity")).filter(pk=call.entry_id).first()
    if made is not None and (values := _recording(ctx, call)):
        ctx.as_system("recording of a call").write(made, **values)


def _recording(ctx: Context, call: LiveCall) -> dict[str, object]:
    may = "recording" in gate.fields(ctx, registry.get("activity"), edit=True)
    return {"recording": call.recording} if call.recording and may else {}


def _who(ctx: Context, call: LiveCall) -> str:
    if call.record_id is not None:
        title = gate.titles(ctx, registry.get(call.record_type), {call.record_id}).get(call.record_id)
        if title:
            return str(title)
    if call.number_key.startswith("+"):
        return national(call.number_key)
    return call.number or _("unknown number")


def _subject(call: LiveCall, who: str) -> str:
    if call.state == "missed":
        text = _("Missed call from %(who)s") % {"who": who}
    elif call.direction == "in":
        text = _("Call from %(who)s") % {"who": who}
    else:
        text = _("Call to %(who)s") % {"who": who}
    return text[: Activity._meta.get_field("subject").max_length]


def _outcome(call: LiveCall) -> str:
    return {"missed": _("Missed"), "unanswered": _("No answer")}.get(call.state, "")


def _minutes(call: LiveCall) -> int | None:
    """Begun minutes of talking; None when nobody talked."""
    if call.answered_at is None or call.ended_at is None:
        return None
    return math.ceil(max(call.ended_at - call.answered_at, dt.timedelta(seconds=1)) / dt.timedelta(minutes=1))


def _call_back(ctx: Context, call: LiveCall, who: str) -> None:
    owner = call.user_id
    if owner is None and call.record_id is not None:
        rows = gate.visible(ctx, registry.get("customer")).filter(pk=call.record_id)
        owner = rows.values_list("owner_id", flat=True).first()
    if owner is not None and gate.allows(ctx, registry.get("task"), "create"):
        subject = _("Call back %(who)s") % {"who": who}
        ctx.create(
            "task", kind="call", subject=subject[:200], due_on=ctx.format.today, owner=owner, customer=call.record_id,
            note="" if call.record_id else call.number, is_follow_up=True,
        )  # fmt: skip


register_desk(Desk(find, log, keep_recording))
