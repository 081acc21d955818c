"""Invitations that customers send us: a card on the message, the way into the calendar, and the answer to their calendar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.calendar.itip import CANCEL, REPLY, REQUEST, Meeting, Party, read_meeting, write_meeting
from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.outbox import may_send, queue_mail, sending_mailboxes
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel
from rapport.modules.activities.models import Activity
from rapport.modules.mail.conversation import show_invitations
from rapport.modules.mail.models import Mail, MailPerson
from rapport.modules.mail.records import MailType
from rapport.modules.meetings.inviting import when_words
from rapport.modules.meetings.models import MeetingInvite

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_PARTSTAT = {"accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED"}
_WORDS = Input(LongTextKind, _("your words"), required=False)


def card(ctx: Context, mail: Mail, text: str) -> Panel | None:
    """What the message invites to, what became of it here, and what can be done."""
    found = read_meeting(text, ctx.format.zone)
    if found is None or mail.invites not in ("request", "cancel"):
        return None
    invite = _mine(ctx, found.uid)
    meeting = _meeting_of(ctx, invite)
    url = registry.get("mail").record_url(mail.pk)
    values = {
        "meeting": found, "when": when_words(ctx, found.start, found.minutes) if found.start else "", "url": url,
        "is_cancel": mail.invites == "cancel", "my_answer": invite.my_answer if invite else "",
        "record_url": registry.get("activity").record_url(meeting.pk) if meeting else "",
        "is_old": invite is not None and (found.sequence or 0) < invite.sequence,
        "moved": meeting is not None and found.start is not None and meeting.happened_at != found.start,
        "may": gate.may(ctx, registry.get("mail"), mail, "accept_meeting"), "is_series": found.is_series,
    }  # fmt: skip
    return Panel(_t("Invitation"), "meetings/card.html", values)


@action(MailType, _("Accept the invitation"), when="invites is request", icon="calendar-check", bulk=False)
def accept_meeting(
    ctx: Context, mail: Mail, *,
    answer: str = Input(ChoiceKind, _("answer"), options={"choices": [("accepted", _("Accept")), ("tentative", _("Perhaps"))]},
                        default="accepted"),
    words: str | None = _WORDS,
) -> Activity:  # fmt: skip
    """Put the meeting into the calendar and tell whoever invited that you come."""
    found = _read(ctx, mail)
    _reply(ctx, mail, found, answer, words or "")
    return _put(ctx, mail, found, answer)


@action(MailType, _("Decline the invitation"), when="invites is request", icon="x", bulk=False)
def decline_meeting(ctx: Context, mail: Mail, *, words: str | None = _WORDS) -> Mail:
    """Tell whoever invited that you do not come; a meeting that stands in the calendar for it goes into the bin."""
    found = _read(ctx, mail)
    _reply(ctx, mail, found, "declined", words or "")
    invite = _mine(ctx, found.uid)
    meeting = _meeting_of(ctx, invite)
    if meeting is not None:
        ctx.delete(meeting)
    _note(ctx, mail, found, invite, activity=None, answer="declined")
    return mail


@action(MailType, _("Put into the calendar"), when="invites is any of (request, cancel)", icon="calendar-plus", bulk=False)
def put_in_calendar(ctx: Context, mail: Mail) -> Activity | None:
    """Have the calendar say what the message says, and answer nobody: new, at its new time, or called off."""
    return _put(ctx, mail, _read(ctx, mail), "")


def _read(ctx: Context, mail: Mail) -> Meeting:
    """The invitation in a message, read through the gate of its text. Raises for one that is none."""
    text = gate.visible(ctx, registry.get("mail_text")).filter(mail_id=mail.pk).values_list("calendar", flat=True).first()
    found = read_meeting(text, ctx.format.zone) if text else None
    if found is None or (found.start is None and found.method == REQUEST):
        raise Invalid(_t("The invitation in this message cannot be read."), code="no_invitation")
    if found.method not in (REQUEST, CANCEL):
        raise Invalid(_t("This message answers an invitation; it asks nothing."), code="no_invitation")
    if found.is_series:
        raise Invalid(_t("This is one of a series; answer it in your own calendar program."), code="series")
    return found


def _mine(ctx: Context, uid: str) -> MeetingInvite | None:
    rows = MeetingInvite.objects.filter(workspace_id=ctx.workspace.pk, uid=uid, is_ours=False, user_id=ctx.viewer.user_id)
    return rows.order_by("at").last()


def _meeting_of(ctx: Context, invite: MeetingInvite | None) -> Activity | None:
    if invite is None or invite.activity_id is None:
        return None
    return gate.visible(ctx, registry.get("activity")).filter(pk=invite.activity_id).first()


def _put(ctx: Context, mail: Mail, found: Meeting, answer: str) -> Activity | None:
    invite = _mine(ctx, found.uid)
    if invite is not None and (found.sequence or 0) < invite.sequence:
        raise Invalid(_t("A later message changed this meeting; see that one."), code="older")
    meeting = _meeting_of(ctx, invite)
    if found.method == CANCEL:
        if meeting is not None:
            ctx.delete(meeting)
        _note(ctx, mail, found, invite, activity=None, answer="")
        return None
    values: dict[str, object] = {
        "subject": found.title or _t("Meeting"), "happened_at": found.start, "minutes": found.minutes, "place": found.place,
    }  # fmt: skip
    if meeting is None:
        made = ctx.create(
            "activity",
            **values,
            kind="meeting",
            direction="in",
            body=found.text,
            customer=mail.customer_id,
            owner=ctx.viewer.user_id,
        )
        assert isinstance(made, Activity)
        _add_people(ctx, mail, made)
        meeting = made
    else:
        ctx.write(meeting, **values)
    _note(ctx, mail, found, invite, activity=meeting, answer=answer)
    return meeting


def _add_people(ctx: Context, mail: Mail, meeting: Activity) -> None:
    """The people of the message whom the viewer may see take part."""
    rows = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id=mail.pk, deleted_at=None).exclude(part="company")
    ids = list(rows.order_by("pk").values_list("customer_id", flat=True)[:20])
    seen = gate.visible(ctx, registry.get("customer")).filter(pk__in=ids, kind="person").values_list("pk", flat=True)
    for person in seen:
        ctx.create("activity_person", activity=meeting.pk, person=person)


def _note(
    ctx: Context, mail: Mail, found: Meeting, invite: MeetingInvite | None, *, activity: Activity | None, answer: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    if invite is None:
        invite = MeetingInvite(workspace_id=ctx.workspace.pk, uid=found.uid, user_id=ctx.viewer.user_id, is_ours=False, at=now)
    invite.activity_id, invite.mail_id, invite.at = activity.pk if activity else None, mail.pk, now
    invite.sequence, invite.my_answer = found.sequence or 0, answer or invite.my_answer
    invite.is_called_off = found.method == CANCEL
    invite.save()


def _reply(ctx: Context, mail: Mail, found: Meeting, answer: str, words: str) -> None:
    """The answer to whoever organises, from the address that was invited."""
    if found.organizer is None:
        raise Invalid(_t("The invitation does not say who invites; write to them instead."), code="no_organizer")
    box = _mailbox(ctx, mail, found)
    asked = next((one for one in found.attendees if one.address == box.address.lower()), None)
    me = Party(box.address.lower(), asked.name if asked else ctx.viewer.name, _PARTSTAT[answer])
    part = write_meeting(
        Meeting(
            method=REPLY, uid=found.uid, sequence=found.sequence, stamp=dt.datetime.now(dt.UTC), title=found.title,
            start=found.start, minutes=found.minutes, place=found.place, comment=words[:500], organizer=found.organizer,
            attendees=(me,),
        )
    )  # fmt: skip
    said = {"accepted": _t("Accepted: %(title)s"), "tentative": _t("Perhaps: %(title)s")}.get(answer, _t("Declined: %(title)s"))
    subject = said % {"title": found.title or _t("Meeting")}
    queue_mail(
        ctx, box, to=[{"address": found.organizer.address, "name": found.organizer.name}], subject=subject,
        text=words.strip() or subject, calendar=(REPLY, part), in_reply_to=mail.message_id, references=[mail.message_id],
    )  # fmt: skip


def _mailbox(ctx: Context, mail: Mail, found: Meeting) -> Mailbox:
    """The mailbox whose address was invited, else the one the message came into, else one's own."""
    boxes = sending_mailboxes(ctx)
    asked = {one.address for one in found.attendees}
    for box in boxes:
        if box.address.lower() in asked:
            return box
    came = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.mailbox_id).first()
    if came is not None and may_send(ctx, came):
        return came
    if not boxes:
        raise Invalid(_t("To answer, set up a mailbox that sends: Settings, Mailboxes."), code="no_mailbox")
    return boxes[0]


show_invitations(card)
