"""What one does with a meeting: invite people, tell them of a change, take a proposed time, call it off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.mail.outbox import read_receiver
from rapport.kernel.access.models import User
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.kinds.reference import ReferenceKind
from rapport.kernel.kinds.text import TextKind
from rapport.modules.activities.models import Activity, ActivityPerson
from rapport.modules.activities.records import ActivityType
from rapport.modules.customers.models import Customer
from rapport.modules.mail.participants import customers_by_address
from rapport.modules.meetings.inviting import (
    MOST_GUESTS,
    begin,
    guests_of,
    invite_of,
    mailbox_for,
    send_call_off,
    send_change,
    send_invitation,
)
from rapport.modules.meetings.models import MeetingGuest

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MEETINGS = "kind is any of (meeting, visit, call)"


@action(ActivityType, _("Invite"), when=_MEETINGS, icon="mail", bulk=False)
def invite(
    ctx: Context,
    meeting: Activity,
    *,
    to: str | None = Input(TextKind, _("e-mail addresses"), required=False),
    person: UUID | None = Input(ReferenceKind, _("person"), required=False, to="customer", only="kind is person"),
    colleague: UUID | None = Input(ReferenceKind, _("colleague"), required=False, to="user"),
    place: str | None = Input(TextKind, _("place"), required=False),
    words: str | None = Input(LongTextKind, _("your words"), required=False),
) -> Activity:
    """Invite people to this meeting by e-mail; their calendars understand it, and their answers show here."""
    there = invite_of(ctx, meeting.pk)
    if there is not None and not there.is_ours:
        raise Invalid(_t("Somebody else invites to this meeting; answer them instead."), code="not_ours")
    mailbox = mailbox_for(ctx, there)
    known = {one.address: one for one in guests_of(ctx, meeting.pk)}
    wanted = {one["address"]: one for one in _wanted(ctx, to, person, colleague)}
    if mailbox.address.lower() in wanted:
        raise Invalid(
            _t("You invite, so you need no invitation: take %(address)s away.") % {"address": mailbox.address}, field="to"
        )
    fresh = [one for address, one in wanted.items() if address not in known]
    if not fresh:
        sentence = _t("They are invited already; “Tell the invited” sends it again.") if wanted else _t("Say whom to invite.")
        raise Invalid(sentence, field="to")
    if len(known) + len(fresh) > MOST_GUESTS:
        raise Invalid(_t("At most %(most)d people can be invited to a meeting.") % {"most": MOST_GUESTS}, field="to")
    if (place or "") != meeting.place and ctx.may_write(meeting.pk):
        ctx.write(meeting, place=place or "")
    made = [add_guest(ctx, meeting, one) for one in fresh]
    if there is None:
        there = begin(ctx, meeting, mailbox, user_id=ctx.viewer.user_id)
    send_invitation(ctx, meeting, there, mailbox, made, words=words or "")
    return meeting


def add_guest(ctx: Context, meeting: Activity, one: dict[str, object]) -> MeetingGuest:
    """Write an invited person down; one who is known here takes part in the meeting too."""
    system = ctx.as_system("invitation")
    guest = system.create("meeting_guest", activity=meeting.pk, **one)
    assert isinstance(guest, MeetingGuest)
    rows = ActivityPerson.objects.filter(workspace_id=ctx.workspace.pk, activity_id=meeting.pk, deleted_at=None)
    if guest.person_id and not rows.filter(person_id=guest.person_id).exists():
        system.create("activity_person", activity=meeting.pk, person=guest.person_id)
    return guest


def _wanted(ctx: Context, to: str | None, person: UUID | None, colleague: UUID | None) -> list[dict[str, object]]:
    """Everybody who was named, with address and name; raises Invalid for what is no address or has none."""
    found: list[dict[str, object]] = []
    for part in filter(None, (one.strip() for one in re.split(r"[,;\n]+", to or ""))):
        read = read_receiver(part, "to")
        found.append({"address": read["address"], "name": read["name"]})
    known = customers_by_address(ctx, {str(one["address"]) for one in found})
    for one in found:
        if (who := known.get(str(one["address"]))) is not None:
            one |= {"name": one["name"] or who.name[:120], **({"person": who.pk} if who.kind == "person" else {})}
    if person is not None:
        who = Customer.objects.get(workspace_id=ctx.workspace.pk, pk=person)
        address = next((str(one["value"]) for one in who.emails or []), "")
        if not address:
            raise Invalid(_t("%(name)s has no e-mail address here; type one.") % {"name": who.name}, field="person")
        found.append({"address": address.lower(), "name": who.name[:120], "person": who.pk})
    if colleague is not None:
        user = User.objects.select_related("account").get(workspace_id=ctx.workspace.pk, pk=colleague)
        address = user.email or (user.account.email if user.account else "")
        if not address:
            raise Invalid(_t("%(name)s has no e-mail address here; type one.") % {"name": user.name}, field="colleague")
        found.append({"address": address.lower(), "name": user.name[:120], "colleague": user.pk})
    return found


@action(ActivityType, _("Tell the invited"), when=f"{_MEETINGS} and has guests", icon="send", bulk=False)
def tell_invited(
    ctx: Context, meeting: Activity, *, words: str | None = Input(LongTextKind, _("your words"), required=False)
) -> Activity:
    """Send everybody invited the meeting as it is now; after another time they are asked again."""
    there = invite_of(ctx, meeting.pk)
    if there is None or not there.is_ours:
        raise Invalid(_t("Nobody was invited from here."), code="not_ours")
    send_change(ctx, meeting, there, mailbox_for(ctx, there), words=words or "")
    return meeting


@action(ActivityType, _("Take the proposed time"), when=f"{_MEETINGS} and has guests (answer is proposed)",
        icon="calendar-check", bulk=False)  # fmt: skip
def take_time(
    ctx: Context, meeting: Activity, *,
    guest: UUID | None = Input(ReferenceKind, _("proposed by"), required=False, to="meeting_guest", only="answer is proposed"),
) -> Activity:  # fmt: skip
    """Move the meeting to the time that somebody invited proposed, and tell everybody."""
    there, box = invite_of(ctx, meeting.pk), None
    given = [one for one in guests_of(ctx, meeting.pk) if one.answer == "proposed" and one.proposed_at]
    chosen = next((one for one in given if guest is None or one.pk == guest), None)
    if there is None or chosen is None:
        raise Invalid(_t("Nobody proposes another time any more."), code="not_now")
    box = mailbox_for(ctx, there)
    ctx.write(meeting, happened_at=chosen.proposed_at, minutes=chosen.proposed_minutes or meeting.minutes)
    send_change(ctx, meeting, there, box)
    return meeting


@action(ActivityType, _("Call off"), when=f"{_MEETINGS} and has guests", icon="x", danger=True, bulk=False)
def call_off(
    ctx: Context, meeting: Activity, *, words: str | None = Input(LongTextKind, _("your words"), required=False)
) -> None:
    """Tell everybody invited that the meeting does not take place, and put it into the bin."""
    there = invite_of(ctx, meeting.pk)
    if there is None or not there.is_ours:
        raise Invalid(_t("Nobody was invited from here."), code="not_ours")
    if not there.is_called_off:
        send_call_off(ctx, meeting, there, mailbox_for(ctx, there), words=words or "")
    ctx.as_system("call off").delete(meeting)
