"""Meetings that visitors book: written down for whoever is booked, with the visitor joined to who is known and invited."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from rapport.engines.booking.registry import Moments, Standing, Wanted, keep_with
from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.outbox import sends
from rapport.engines.notices.writing import put_once
from rapport.engines.webforms.registry import Received, receiver
from rapport.kernel.changes.unit import part_of_work
from rapport.kernel.errors import RapportError
from rapport.modules.activities.models import Activity
from rapport.modules.meetings.actions import add_guest
from rapport.modules.meetings.inviting import (
    USUAL_MINUTES,
    begin,
    invite_of,
    send_call_off,
    send_change,
    send_invitation,
)
from rapport.modules.meetings.models import MeetingGuest, MeetingInvite
from rapport.modules.service.models import Holiday, QueueMember, ServiceHours

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.meetings")
#: What stands in a mail to an address that somebody typed: a few words of letters, so that nobody can write to others here.
_NAME = re.compile(r"[^\W\d_]+(?:[ .'’-]{1,2}[^\W\d_]+){0,5}\.?")
_LONGEST_NAME = 60
_LONGEST = dt.timedelta(days=14)


class Booked:
    """The one who keeps meetings for the booking engine."""

    def busy(self, ctx: Context, user_id: UUID, first: dt.datetime, until: dt.datetime) -> list[Moments]:
        """Colleagues' meetings somebody is invited to and has not declined."""
        rows = MeetingGuest.objects.filter(
            workspace_id=ctx.workspace.pk, colleague_id=user_id, deleted_at=None, activity__deleted_at=None,
            activity__happened_at__gt=first - _LONGEST, activity__happened_at__lt=until,
        ).exclude(answer="declined")  # fmt: skip
        found = rows.values_list("activity__happened_at", "activity__minutes")[:1_000]
        return [(at, at + dt.timedelta(minutes=minutes or USUAL_MINUTES)) for at, minutes in found]

    def days_off(self, ctx: Context, user_id: UUID, first: dt.date, last: dt.date) -> set[dt.date]:
        """Days on which every calendar of service hours has a holiday, and days away from every queue one works in."""
        calendars = ServiceHours.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).count()
        rows = Holiday.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, day__gte=first, day__lte=last)
        closed: dict[dt.date, set[UUID]] = {}
        for day, hours in rows.filter(hours__deleted_at=None).values_list("day", "hours_id"):
            closed.setdefault(day, set()).add(hours)
        found = {day for day, some in closed.items() if calendars and len(some) == calendars}
        member = QueueMember.objects.filter(workspace_id=ctx.workspace.pk, person_id=user_id, deleted_at=None)
        away = [(a or dt.date.min, b or dt.date.max) for a, b in member.values_list("away_from", "away_until") if a or b]
        days = [first + dt.timedelta(days=at) for at in range((last - first).days + 1)]
        return found | {day for day in days if any(a <= day <= b for a, b in away)}

    def make(self, ctx: Context, wanted: Wanted) -> UUID:
        """The meeting, who it is with, the invitation, and a notice to whoever is booked."""
        name = wanted.name if _NAME.fullmatch(wanted.name) and len(wanted.name) <= _LONGEST_NAME else wanted.email
        meeting = ctx.create(
            "activity", kind="meeting", direction="in", subject=f"{wanted.title}: {name}"[:200], happened_at=wanted.start,
            minutes=wanted.minutes, place=wanted.place, body="\n".join(f"{label}: {text}" for label, text in wanted.said),
            owner=wanted.user_id, **_joined(ctx, wanted),
        )  # fmt: skip
        assert isinstance(meeting, Activity)
        person = meeting.customer_id
        guest = add_guest(ctx, meeting, {"address": wanted.email, "name": name, **({"person": person} if person else {})})
        mailbox = _mailbox_of(ctx, wanted.user_id)
        if mailbox is not None:
            invite = begin(ctx, meeting, mailbox, user_id=wanted.user_id)
            _quietly(ctx, lambda: send_invitation(
                ctx, meeting, invite, mailbox, [guest], words=_links(wanted.link), by_rule=True, zone=ZoneInfo(wanted.zone)
            ))  # fmt: skip
        put_once(ctx.workspace, "booked", "activity", {wanted.user_id: [meeting.pk]}, once=f"booked:{meeting.pk.hex}")
        return meeting.pk

    def move(self, ctx: Context, meeting_id: UUID, start: dt.datetime, *, zone: str, link: str) -> None:
        """Another time; whoever is booked hears of it."""
        meeting = _living(ctx, meeting_id)
        if meeting is None:
            return
        ctx.write(meeting, happened_at=start)
        invite = invite_of(ctx, meeting_id)
        mailbox = _sending(ctx, invite)
        if invite is not None and mailbox is not None:
            _quietly(ctx, lambda: send_change(
                ctx, meeting, invite, mailbox, words=_links(link), by_rule=True, zone=ZoneInfo(zone)
            ))  # fmt: skip
        if meeting.owner_id:
            once = f"rebooked:{meeting.pk.hex}:{int(start.timestamp())}"
            put_once(ctx.workspace, "rebooked", "activity", {meeting.owner_id: [meeting.pk]}, once=once)

    def cancel(self, ctx: Context, meeting_id: UUID) -> None:
        """Into the bin; the visitor's calendar hears of it, and whoever was booked."""
        meeting = _living(ctx, meeting_id)
        if meeting is None:
            return
        invite = invite_of(ctx, meeting_id)
        mailbox = _sending(ctx, invite)
        if invite is not None and mailbox is not None and not invite.is_called_off:
            _quietly(ctx, lambda: send_call_off(ctx, meeting, invite, mailbox))
        ctx.delete(meeting)
        about = ("customer", meeting.customer_id) if meeting.customer_id else (meeting.about_type, meeting.about_id)
        if meeting.owner_id and about[1]:
            once = f"unbooked:{meeting.pk.hex}"
            put_once(ctx.workspace, "unbooked", str(about[0]), {meeting.owner_id: [about[1]]}, once=once)

    def standing(self, ctx: Context, meeting_id: UUID) -> Standing | None:
        """How it stands."""
        meeting = _living(ctx, meeting_id)
        if meeting is None:
            return None
        invite = invite_of(ctx, meeting_id)
        if invite is not None and invite.is_called_off:
            return None
        return Standing(
            meeting.subject.partition(": ")[0], meeting.happened_at, meeting.minutes or USUAL_MINUTES, meeting.place,
            is_mailed=invite is not None,
        )  # fmt: skip

    def warns(self, ctx: Context, user_id: UUID) -> str:
        """A mailbox that sends."""
        if _mailbox_of(ctx, user_id) is not None:
            return ""
        return _("Visitors get no invitation by e-mail: there is no mailbox of yours that sends. Settings, Mailboxes.")


def _joined(ctx: Context, wanted: Wanted) -> dict[str, object]:
    """Who the visitor is, as web forms have it: a person who is known, or a lead. A booking stands also where that fails (a
    field of the company's own is required): everything that was typed is in the meeting."""
    got = Received(
        form=wanted.title, values=wanted.values, said=wanted.said, is_confirmed=False, consent="", consent_for="other",
        source=_("Booking page"), campaign="", owner_id=wanted.user_id, at=ctx.format.now,
    )  # fmt: skip
    try:
        with part_of_work(ctx):
            made_type, made_id = receiver().take(ctx, got)
    except RapportError as wrong:
        log.warning("A visitor could not be written down: %s", wrong.code)
        return {}
    if made_type == "activity":
        told = Activity.objects.get(workspace_id=ctx.workspace.pk, pk=made_id)
        return {"customer": told.customer_id}
    return {"about": (made_type, made_id)}


def _links(link: str) -> str:
    return _("To move the meeting or to call it off, open:") + f"\n{link}"


def _mailbox_of(ctx: Context, user_id: UUID) -> Mailbox | None:
    """One's own mailbox that sends."""
    rows = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, owner_id=user_id, kind="personal", deleted_at=None)
    return next((one for one in rows.order_by("pk")[:20] if sends(one)), None)


def _sending(ctx: Context, invite: MeetingInvite | None) -> Mailbox | None:
    """The mailbox an invitation went out from, where it still sends."""
    if invite is None:
        return None
    box = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.mailbox_id).first()
    return box if box is not None and sends(box) else None


def _living(ctx: Context, meeting_id: UUID) -> Activity | None:
    return Activity.objects.filter(workspace_id=ctx.workspace.pk, pk=meeting_id, deleted_at=None).first()


def _quietly(ctx: Context, send: object) -> None:
    """A message that cannot go (an address that has had too many today) does not undo what was booked."""
    try:
        with part_of_work(ctx):
            send()  # type: ignore[operator]
    except RapportError as wrong:
        log.warning("A visitor could not be told by mail: %s", wrong.code)


keep_with(Booked())
