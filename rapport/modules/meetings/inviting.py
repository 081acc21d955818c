"""Inviting, telling of a change, calling off: one message to all who are asked, with the part that calendars read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from rapport.engines.calendar.ical_writing import uid_of
from rapport.engines.calendar.itip import CANCEL, REQUEST, Meeting, Party, write_meeting
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.outbox import may_send, queue_mail, sending_mailboxes, sends
from rapport.kernel import format as shown_as
from rapport.kernel.access.models import User
from rapport.kernel.errors import Invalid, Refused
from rapport.modules.activities.models import Activity
from rapport.modules.meetings.models import MeetingGuest, MeetingInvite

if TYPE_CHECKING:
    from rapport.kernel.context import Context

USUAL_MINUTES = 30
MOST_GUESTS = 50
_PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}


def invite_of(ctx: Context, activity_id: UUID) -> MeetingInvite | None:
    """What calendars know of a meeting, if anybody was invited or it came as an invitation."""
    return MeetingInvite.objects.filter(workspace_id=ctx.workspace.pk, activity_id=activity_id).first()


def guests_of(ctx: Context, activity_id: UUID) -> list[MeetingGuest]:
    """Everybody who is invited, in the order they were."""
    rows = MeetingGuest.objects.filter(workspace_id=ctx.workspace.pk, activity_id=activity_id, deleted_at=None)
    return list(rows.order_by("created_at", "pk"))


def mailbox_for(ctx: Context, invite: MeetingInvite | None) -> Mailbox:
    """The mailbox an invitation goes out from: for a meeting always the same, else one's own before a shared one. Raises with
    a sentence for whoever has none."""
    boxes = sending_mailboxes(ctx)
    if invite is not None:
        kept = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.mailbox_id).first()
        if kept is not None and sends(kept) and may_send(ctx, kept):
            return kept
        raise Refused(_("Only whoever invited can tell the invited, through the mailbox the invitation came from."))
    if not boxes:
        raise Invalid(_("To invite people, set up a mailbox that sends: Settings, Mailboxes."), code="no_mailbox")
    return next((one for one in boxes if one.kind == "personal"), boxes[0])


def mark_of(meeting: Activity) -> str:
    """Title and place as one mark, so that no table of ours repeats the words."""
    return hashlib.sha256(f"{meeting.subject}\0{meeting.place}".encode()).hexdigest()


def is_changed(meeting: Activity, invite: MeetingInvite) -> bool:
    """Whether the invited know another time, title or place than the meeting has."""
    return _time_changed(meeting, invite) or invite.sent_mark != mark_of(meeting)


def _time_changed(meeting: Activity, invite: MeetingInvite) -> bool:
    return (invite.sent_start, invite.sent_minutes) != (meeting.happened_at, meeting.minutes or USUAL_MINUTES)


def begin(ctx: Context, meeting: Activity, mailbox: Mailbox, *, user_id: UUID | None) -> MeetingInvite:
    """What calendars are to know of a meeting of ours, from its first invitation on."""
    return MeetingInvite.objects.create(
        workspace_id=ctx.workspace.pk, activity_id=meeting.pk, uid=uid_of("activity", meeting.pk), user_id=user_id,
        mailbox_id=mailbox.pk, at=ctx.format.now, sent_start=meeting.happened_at,
        sent_minutes=meeting.minutes or USUAL_MINUTES, sent_mark=mark_of(meeting),
    )  # fmt: skip


def send_invitation(
    ctx: Context, meeting: Activity, invite: MeetingInvite, mailbox: Mailbox, to: Sequence[MeetingGuest], *, words: str = "",
    by_rule: bool = False, zone: ZoneInfo | None = None,
) -> OutgoingMail:  # fmt: skip
    """Send the invitation as it stands to some of the invited; all of them are named in it."""
    text = "\n\n".join(part for part in (words.strip(), _facts(ctx, meeting, zone)) if part)
    return _send(ctx, meeting, invite, mailbox, to, REQUEST, _("Invitation: %(title)s"), text, by_rule=by_rule)


def send_change(
    ctx: Context, meeting: Activity, invite: MeetingInvite, mailbox: Mailbox, *, words: str = "", by_rule: bool = False,
    zone: ZoneInfo | None = None,
) -> OutgoingMail | None:  # fmt: skip
    """Tell everybody invited of the meeting as it is now. Whoever answered for another time is asked again."""
    time_changed = _time_changed(meeting, invite) or invite.is_called_off
    invite.sequence += 1
    if time_changed:
        invite.asked_sequence = invite.sequence
    invite.sent_start, invite.sent_minutes = meeting.happened_at, meeting.minutes or USUAL_MINUTES
    invite.sent_mark, invite.is_called_off, invite.outgoing_id = mark_of(meeting), False, None
    invite.save()
    guests = guests_of(ctx, meeting.pk)
    for one in guests if time_changed else ():
        if one.answer != "waiting":
            ctx.as_system("invitation").write(
                one, answer="waiting", answered_at=None, comment="", proposed_at=None, proposed_minutes=None
            )
    text = "\n\n".join(part for part in (words.strip(), _facts(ctx, meeting, zone)) if part)
    if not guests:
        return None
    return _send(ctx, meeting, invite, mailbox, guests, REQUEST, _("Changed: %(title)s"), text, by_rule=by_rule)


def send_call_off(
    ctx: Context, meeting: Activity, invite: MeetingInvite, mailbox: Mailbox, *, words: str = "", undo_seconds: int = 10,
) -> OutgoingMail | None:  # fmt: skip
    """Tell everybody invited that the meeting does not take place."""
    guests = guests_of(ctx, meeting.pk)
    invite.sequence += 1
    invite.is_called_off = True
    invite.save()
    if not guests:
        return None
    text = "\n\n".join(part for part in (words.strip(), _("This meeting is called off."), _facts(ctx, meeting, None)) if part)
    mail = _send(
        ctx, meeting, invite, mailbox, guests, CANCEL, _("Called off: %(title)s"), text, by_rule=ctx.viewer.is_system,
        undo_seconds=undo_seconds,
    )  # fmt: skip
    MeetingInvite.objects.filter(pk=invite.pk, workspace_id=ctx.workspace.pk).update(outgoing_id=mail.pk)
    return mail


def _send(
    ctx: Context, meeting: Activity, invite: MeetingInvite, mailbox: Mailbox, to: Sequence[MeetingGuest], method: str,
    subject: str, text: str, *, by_rule: bool, undo_seconds: int = 10,
) -> OutgoingMail:  # fmt: skip
    everybody = guests_of(ctx, meeting.pk)
    part = write_meeting(
        Meeting(
            method=method, uid=invite.uid, sequence=invite.sequence, stamp=dt.datetime.now(dt.UTC), title=meeting.subject,
            start=invite.sent_start, minutes=invite.sent_minutes, place=meeting.place,
            organizer=Party(mailbox.address.lower(), _name_of(ctx, mailbox)),
            attendees=tuple(Party(one.address, one.name, _PARTSTAT.get(one.answer, "NEEDS-ACTION")) for one in everybody),
        )
    )  # fmt: skip
    return queue_mail(
        ctx, mailbox, to=[{"address": one.address, "name": one.name if one.name != one.address else ""} for one in to],
        subject=subject % {"title": meeting.subject}, text=text, calendar=(method, part), undo_seconds=undo_seconds,
        about=meeting, as_system=by_rule,
    )  # fmt: skip


def _name_of(ctx: Context, mailbox: Mailbox) -> str:
    """Who invites, as receivers read it."""
    if mailbox.sender_name or ctx.viewer.user_id:
        return mailbox.sender_name or ctx.viewer.name
    owner = User.objects.filter(workspace_id=ctx.workspace.pk, pk=mailbox.owner_id).first()
    return owner.name if owner is not None else mailbox.name


def _facts(ctx: Context, meeting: Activity, zone: ZoneInfo | None) -> str:
    """Title, time and place, for those who read and do not click."""
    lines = [meeting.subject, _("When: %(when)s") % {"when": when_words(ctx, meeting.happened_at, meeting.minutes, zone)}]
    if meeting.place:
        lines.append(_("Where: %(place)s") % {"place": meeting.place})
    return "\n".join(lines)


def when_words(ctx: Context, start: dt.datetime, minutes: int | None, zone: ZoneInfo | None = None) -> str:
    """A time with its zone's name, as somebody elsewhere can read it."""
    place = zone or ctx.format.zone
    first = start.astimezone(place)
    last = (start + dt.timedelta(minutes=minutes or USUAL_MINUTES)).astimezone(place)
    day, clock = shown_as.full_date(first.date(), ctx.format), shown_as.clock(first.time(), ctx.format)
    return f"{day}, {clock} – {shown_as.clock(last.time(), ctx.format)} ({place.key})"
