"""A telephone system says what happens to a call: it rings, is answered, ends, has a recording.

Messages come twice, late and in any order, as such programs send them: each is safe to repeat, a call never goes back to an
earlier state, and it is written down once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.engines.telephony.desk import the_desk
from rapport.engines.telephony.models import LiveCall, PhoneLine
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.kernel.kinds.phone import read_phone
from rapport.kernel.kinds.web import read_web
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

EVENTS = ("ringing", "answered", "ended", "missed", "recording")
DIRECTIONS = ("in", "out")
KEPT_FOR = dt.timedelta(days=30)
#: A telephone system's clock may be wrong by this much.
_AHEAD = dt.timedelta(minutes=10)
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Heard:
    """One message: which call, what happened. Numbers and line are needed in the first one about a call only."""

    id: str
    event: str
    direction: str = "in"
    number: str = ""
    line: str = ""
    at: dt.datetime | None = None
    recording: str = ""


def may_tell(ctx: Context) -> bool:
    """Whether this viewer may tell of calls: it writes entries for whoever the telephone belongs to."""
    return gate.allows(ctx, registry.get("phone_line"), "view") and gate.allows(ctx, registry.get("activity"), "create")


def hear(ctx: Context, heard: Heard) -> LiveCall:
    """Take one message. Raises Refused without the right, Invalid for what makes no sense."""
    gate.demand(ctx, registry.get("phone_line"), "view")
    gate.demand(ctx, registry.get("activity"), "create")
    at = _moment(heard)
    recording = _recording(heard)
    with transaction.atomic():
        call = _call(ctx, heard, at)
        if heard.event == "answered" and call.state == "ringing":
            call.state, call.answered_at = "answered", at
        elif heard.event in ("ended", "missed") and call.ended_at is None:
            call.ended_at = max(at, call.started_at)
            call.state = "ended" if call.answered_at and heard.event == "ended" else _unheard(call)
        if recording:
            call.recording = recording
        call.save()
        if call.ended_at is not None:
            _keep(ctx, call, is_new=bool(recording))
    return call


def _moment(heard: Heard) -> dt.datetime:
    now = timezone.now()
    at = heard.at or now
    if at > now + _AHEAD:
        raise Invalid(_("This time has not come yet; check the clock of the telephone system."), code="future", field="at")
    return min(at, now)


def _recording(heard: Heard) -> str:
    if heard.event == "recording" and not heard.recording:
        raise Invalid(_("Send the address of the recording."), code="required", field="recording")
    try:
        return read_web(heard.recording)[:500] if heard.recording else ""
    except Invalid as wrong:
        raise Invalid(wrong.sentence, code=wrong.code, field="recording") from wrong


def _call(ctx: Context, heard: Heard, at: dt.datetime) -> LiveCall:
    """The call a message is about; a first message makes it."""
    mine = LiveCall.objects.filter(workspace_id=ctx.workspace.pk, outside_id=heard.id)
    if not mine.exists():
        if not heard.number and not heard.line:
            raise Invalid(_("The first message about a call says its number and its line."), code="required", field="number")
        read = read_phone(heard.number, ctx.workspace.country) if heard.number else None
        found = the_desk().find(ctx, read[0]) if read and not read[1] else None
        LiveCall.objects.bulk_create(
            [LiveCall(
                workspace_id=ctx.workspace.pk, outside_id=heard.id, direction=heard.direction, number=heard.number,
                number_key=read[0] if read else "", line=heard.line, user_id=_whose(ctx, heard.line), started_at=at,
                record_type=found[0] if found else "", record_id=found[1] if found else None,
            )],
            ignore_conflicts=True,
        )  # fmt: skip
    return mine.select_for_update().get()


def _whose(ctx: Context, line: str) -> object:
    rows = PhoneLine.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, title_key=fold(line))
    return rows.values_list("user_id", flat=True).first() if line else None


def _unheard(call: LiveCall) -> str:
    return "missed" if call.direction == "in" else "unanswered"


def _keep(ctx: Context, call: LiveCall, *, is_new: bool) -> None:
    """Write the call down, once; a recording may come later."""
    rows = LiveCall.objects.filter(workspace_id=ctx.workspace.pk, pk=call.pk)
    if rows.filter(is_logged=False).update(is_logged=True):
        call.is_logged, call.entry_id = True, the_desk().log(ctx, call)
        rows.update(entry_id=call.entry_id)
    elif is_new and call.entry_id is not None:
        the_desk().keep_recording(ctx, call)


def going_on(ctx: Context, *, most: int = 3) -> list[LiveCall]:
    """Calls that ring for the viewer, go on, or ended a moment ago: newest first, one query."""
    now = timezone.now()
    rows = LiveCall.objects.filter(
        workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, is_closed=False, started_at__gte=now - dt.timedelta(hours=4)
    )
    ended = dt.timedelta(minutes=5)
    return [one for one in rows.order_by("-started_at")[: most * 4] if one.ended_at is None or one.ended_at > now - ended][:most]


def close(ctx: Context, call_id: object) -> None:
    """Take a call of the viewer's off the screen."""
    LiveCall.objects.filter(workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, pk=call_id).update(is_closed=True)


@every(seconds=24 * 3600)
@job(name="telephony.forget")
def forget_calls(job_ctx: JobContext) -> None:
    """Drop calls of long ago: what happened stands in their entries."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            old = LiveCall.objects.filter(workspace_id=workspace.pk, started_at__lt=timezone.now() - KEPT_FOR)
            while not job_ctx.should_stop:
                some = list(old.order_by("started_at").values_list("pk", flat=True)[:_AT_ONCE])
                if not some:
                    break
                LiveCall.objects.filter(workspace_id=workspace.pk, pk__in=some).delete()
