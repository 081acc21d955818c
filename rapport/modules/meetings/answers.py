"""What invited people answer: matched by the meeting's id and their address, never going back to an older answer."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rapport.engines.calendar.itip import COUNTER, REPLY, Meeting, method_of, read_meeting
from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.taking import Incoming
from rapport.engines.notices.writing import put_once
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import RapportError
from rapport.modules.activities.models import Activity
from rapport.modules.mail.arriving import on_calendar_part
from rapport.modules.meetings.models import MeetingGuest, MeetingInvite

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.meetings")
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
_MOST_PARTS = 5


def note_answers(ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
    """Note every answer once, however often its message is read. Nothing is ever sent from here."""
    for one in incoming:
        for text in one.message.calendars[:_MOST_PARTS]:
            if method_of(text) in (REPLY, COUNTER):
                found = read_meeting(text, ctx.format.zone)
                try:
                    if found is not None and not found.is_series:
                        with unit_of_work(ctx):
                            _note(ctx, one, found)
                except RapportError as wrong:
                    log.warning("An answer to an invitation could not be noted: %s", wrong.code)


def _note(ctx: Context, one: Incoming, found: Meeting) -> None:
    """Only whoever is invited can answer, and only from the address that was invited."""
    sender = one.message.sender
    invite = MeetingInvite.objects.filter(workspace_id=ctx.workspace.pk, uid=found.uid, is_ours=True).first()
    if sender is None or invite is None or invite.is_called_off:
        return
    said = next((p for p in found.attendees if p.address == sender.address), None)
    rows = MeetingGuest.objects.filter(workspace_id=ctx.workspace.pk, activity_id=invite.activity_id, deleted_at=None)
    guest = rows.filter(address=sender.address).first()
    meeting = Activity.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.activity_id, deleted_at=None).first()
    if said is None or guest is None or meeting is None:
        return
    answer = "proposed" if found.method == COUNTER and found.start is not None else _ANSWERS.get(said.answer, "")
    at, revision = _stamp(ctx, one, found), invite.asked_sequence if found.sequence is None else found.sequence
    if not answer or revision < invite.asked_sequence or not _is_newer(guest, revision, at):
        return
    proposed = (found.start, found.minutes or meeting.minutes) if answer == "proposed" else (None, None)
    ctx.write(
        guest, answer=answer, answered_at=at, revision=revision, comment=found.comment[:500], proposed_at=proposed[0],
        proposed_minutes=proposed[1],
    )  # fmt: skip
    owner = meeting.owner_id or invite.user_id
    if answer in ("declined", "proposed") and owner is not None:
        event = "declined" if answer == "declined" else "newtime"
        put_once(ctx.workspace, event, "meeting_guest", {owner: [guest.pk]}, once=f"{event}:{guest.pk.hex}:{int(at.timestamp())}")


def _is_newer(guest: MeetingGuest, revision: int, at: dt.datetime) -> bool:
    if guest.answered_at is None:
        return True
    return (revision, at) > (guest.revision, guest.answered_at)


def _stamp(ctx: Context, one: Incoming, found: Meeting) -> dt.datetime:
    """When it was answered, as their calendar says; never later than it came, so that a clock that is fast locks nobody out."""
    came = one.received_at or ctx.format.now
    return min(found.stamp or one.message.sent_at or came, came)


on_calendar_part(note_answers)
