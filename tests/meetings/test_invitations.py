"""Invitations: what goes out, whose answers count, in which order, and that nobody is answered for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest
from icalendar import Calendar

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.sending import send_one
from rapport.engines.notices.models import Notice
from rapport.kernel.changes.readers import run_readers
from rapport.modules.activities.models import Activity, ActivityPerson
from rapport.modules.mail.models import Mail
from rapport.modules.meetings.models import MeetingGuest, MeetingInvite
from rapport.surfaces.web.posted import SHOWN
from tests.cast import Cast
from tests.mail.conftest import mailbox_for, read
from tests.mail.corpus import all_of_it
from tests.mail.dovecot import Dovecot
from tests.mail.letters import deliver
from tests.mail.smtp_server import SmtpServer
from tests.meetings.calendars import GOOGLE_REPLY, OUTLOOK_REPLY, OUTLOOK_REQUEST, calendar_mail, part

AT = dt.datetime(2026, 12, 10, 14, 0, tzinfo=dt.UTC)
JO = "jo@kunde.example"


@pytest.fixture
def box(sending_mailbox: Callable[..., Mailbox]) -> Mailbox:
    """Ana's mailbox, which sends."""
    return sending_mailbox("ana")


def a_meeting(cast: Cast, **given: object) -> Activity:
    """Ana's meeting with Jo."""
    jo = cast.system.create("customer", kind="person", name="Jo Kunde", emails=[JO])
    values = {"kind": "meeting", "subject": "Kick-off", "happened_at": AT, "minutes": 60, "customer": jo.pk, "owner": cast.ana.pk}
    made = cast.ctx("ana").create("activity", **{**values, **given})
    assert isinstance(made, Activity)
    return made


def do(cast: Cast, record: Any, action: str, who: str = "ana", **given: str) -> Any:
    """Press a button of a record's page."""
    key = "mail" if isinstance(record, Mail) else "activity"
    shown = ",".join(given)
    return cast.client(who).post(f"/{key}/{record.pk}/do/{action}", {SHOWN: shown, **given})


def invite(cast: Cast, meeting: Activity, to: str = JO, **given: str) -> Any:
    """Ana invites somebody."""
    return do(cast, meeting, "invite", to=to, place=given.pop("place", ""), **given)


def sent(cast: Cast) -> list[Calendar]:
    """Send what waits; the calendar parts in their order."""
    found = []
    for mail in OutgoingMail.objects.filter(state="waiting").exclude(calendar="").order_by("made_at"):
        found.append(Calendar.from_ical(mail.calendar))
        OutgoingMail.objects.filter(pk=mail.pk).update(send_at=dt.datetime.now(dt.UTC))
        send_one(cast.home, mail.pk, job_id=uuid4())
    return found


def event(calendar: Calendar) -> Any:
    return calendar.walk("VEVENT")[0]


def answer_of(address: str = JO) -> str:
    return MeetingGuest.objects.get(address=address).answer


def uid_of(meeting: Activity) -> str:
    return MeetingInvite.objects.get(activity_id=meeting.pk).uid


def test_an_invitation_goes_out_as_calendars_expect_it(cast: Cast, smtp: SmtpServer, box: Mailbox) -> None:
    """Over a real server: a way of reading with its method, a file, organiser, attendees who are asked, UTC, an id that stays."""
    meeting = a_meeting(cast)
    form = cast.client("ana").get(f"/activity/{meeting.pk}/do/invite").content.decode()
    assert f"Jo Kunde &lt;{JO}&gt;" in form, "the people of the meeting are there already"
    answer = invite(cast, meeting, to=f"Jo Kunde <{JO}>, new@stranger.example", place="Room 5; first floor")
    assert answer.status_code < 400, answer.content.decode()
    sent(cast)
    message = message_from_bytes(smtp.taken[0].data, policy=policy.default)
    assert sorted(smtp.taken[0].receivers) == [JO, "new@stranger.example"]
    kinds = [one.get_content_type() for one in message.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"]
    calendar = next(one for one in message.walk() if one.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST" and "Auto-Submitted" not in message
    read_back = Calendar.from_ical(calendar.get_content())
    one = event(read_back)
    assert read_back["METHOD"] == "REQUEST" and one["SEQUENCE"] == 0 and one["UID"] == f"activity-{meeting.pk}@rapport"
    assert (
        one["DTSTART"].dt == AT
        and one["DTEND"].dt == AT + dt.timedelta(hours=1)
        and str(one["LOCATION"]) == "Room 5; first floor"
    )
    assert str(one["ORGANIZER"]) == "mailto:ana@fernhill.example" and one["DTSTAMP"].dt.tzinfo is not None
    assert {(str(a), a.params["RSVP"], a.params["PARTSTAT"]) for a in one["ATTENDEE"]} == {
        (f"mailto:{JO}", "TRUE", "NEEDS-ACTION"), ("mailto:new@stranger.example", "TRUE", "NEEDS-ACTION"),
    }  # fmt: skip
    assert ActivityPerson.objects.get().person_id == meeting.customer_id
    page = cast.client("ana").get(f"/activity/{meeting.pk}").content.decode()
    assert "No answer yet" in page and "new@stranger.example" in page


def test_without_a_mailbox_that_sends_one_sentence_says_where_to_set_it_up(cast: Cast) -> None:
    answer = invite(cast, a_meeting(cast))
    assert answer.status_code == 422 and "set up a mailbox that sends: Settings, Mailboxes" in answer.content.decode()
    assert not MeetingGuest.objects.exists() and not OutgoingMail.objects.exists()


@pytest.mark.parametrize(("program", "said", "answer"), [
    (OUTLOOK_REPLY, "ACCEPTED", "accepted"), (GOOGLE_REPLY, "DECLINED", "declined"), (GOOGLE_REPLY, "TENTATIVE", "tentative"),
])  # fmt: skip
def test_an_answer_is_noted_on_the_meeting_and_in_the_story(
    cast: Cast, box: Mailbox, program: str, said: str, answer: str
) -> None:
    """As Outlook and Google write it; a refusal is told to the owner."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    deliver(cast.system, box, calendar_mail(1, part(program, uid_of(meeting), answer=said, comment="See you\\, Jo")))
    guest = MeetingGuest.objects.get()
    assert (guest.answer, guest.comment) == (answer, "See you, Jo")
    assert guest.answered_at == dt.datetime(2026, 11, 2, 10, 0, tzinfo=dt.UTC)
    words = {"accepted": "Jo Kunde accepted", "declined": "Jo Kunde declined", "tentative": "Jo Kunde may come"}[answer]
    assert words in cast.client("ana").get(f"/customer/{meeting.customer_id}").content.decode()
    assert guest.get_answer_display() in cast.client("ana").get(f"/activity/{meeting.pk}").content.decode()
    notices = list(Notice.objects.filter(workspace_id=cast.home.pk, event="declined").values_list("user_id", flat=True))
    assert notices == ([cast.ana.pk] if answer == "declined" else [])
    if notices:
        assert "declined" in cast.client("ana").get("/notices").content.decode()


def test_strangers_and_forgeries_change_nothing(cast: Cast, box: Mailbox) -> None:
    """From another address than the invited one; about somebody else; a sender the receiving server does not vouch for."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    uid = uid_of(meeting)
    deliver(
        cast.system, box, calendar_mail(1, part(GOOGLE_REPLY, uid), sender="x@stranger.example"),
        calendar_mail(2, part(GOOGLE_REPLY, uid, address="x@stranger.example"), sender="x@stranger.example"),
        calendar_mail(3, part(GOOGLE_REPLY, uid, address="x@stranger.example")),
        calendar_mail(4, part(GOOGLE_REPLY, "other@elsewhere")),
    )  # fmt: skip
    assert answer_of() == "waiting"
    cast.system.write(box, trusted_server="mx.fernhill.example")
    forged = {"Authentication-Results": "mx.fernhill.example; dmarc=fail"}
    deliver(cast.system, box, calendar_mail(5, part(GOOGLE_REPLY, uid), more=forged))
    assert answer_of() == "waiting"
    deliver(cast.system, box, calendar_mail(6, part(GOOGLE_REPLY, uid)))
    assert answer_of() == "accepted"


def test_somebody_who_is_not_written_down_and_a_colleague_can_answer_too(cast: Cast, box: Mailbox) -> None:
    """Their messages are not kept; their answers are."""
    meeting = a_meeting(cast)
    invite(cast, meeting, to="new@stranger.example, ben@fernhill.example")
    deliver(
        cast.system, box,
        calendar_mail(1, part(OUTLOOK_REPLY, uid_of(meeting), address="new@stranger.example"), sender="new@stranger.example"),
        calendar_mail(2, part(GOOGLE_REPLY, uid_of(meeting), address="ben@fernhill.example"), sender="ben@fernhill.example"),
    )  # fmt: skip
    assert answer_of("new@stranger.example") == answer_of("ben@fernhill.example") == "accepted" and not Mail.objects.exists()


def test_an_older_answer_never_overwrites_a_newer_one(cast: Cast, box: Mailbox) -> None:
    """Whichever comes first: later answers win, and after the time moved an answer to the old time counts for nothing."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    uid = uid_of(meeting)
    yes = calendar_mail(1, part(OUTLOOK_REPLY, uid, stamp="20261102T110000Z"))
    no_before = calendar_mail(2, part(OUTLOOK_REPLY, uid, stamp="20261102T103000Z", answer="DECLINED"))
    deliver(cast.system, box, yes, no_before)
    assert answer_of() == "accepted"
    deliver(cast.system, box, yes)
    cast.ctx("ana").write(meeting, happened_at=AT + dt.timedelta(days=1))
    assert "The invited know another time" in cast.client("ana").get(f"/activity/{meeting.pk}").content.decode()
    assert do(cast, meeting, "tell_invited").status_code < 400
    changed = sent(cast)[-1]
    assert event(changed)["SEQUENCE"] == 1 and event(changed)["DTSTART"].dt == AT + dt.timedelta(days=1)
    assert event(changed)["UID"] == uid and answer_of() == "waiting"
    assert "The invited know another time" not in cast.client("ana").get(f"/activity/{meeting.pk}").content.decode()
    late = calendar_mail(3, part(OUTLOOK_REPLY, uid, stamp="20261102T230000Z", sequence=0))
    deliver(cast.system, box, late)
    assert answer_of() == "waiting", "it was said of the old time"
    deliver(
        cast.system, box, calendar_mail(4, part(OUTLOOK_REPLY, uid, stamp="20261103T080000Z", sequence=1, answer="TENTATIVE"))
    )
    assert answer_of() == "tentative"


def test_a_proposed_time_is_shown_and_can_be_taken(cast: Cast, box: Mailbox) -> None:
    """COUNTER: the meeting stays where it is until its owner takes the proposal; then everybody is told."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    given = {"method": "COUNTER", "answer": "TENTATIVE", "start": "20261211T100000", "end": "20261211T104500"}
    deliver(cast.system, box, calendar_mail(1, part(OUTLOOK_REPLY, uid_of(meeting), **given)))
    meeting.refresh_from_db()
    guest = MeetingGuest.objects.get()
    assert meeting.happened_at == AT and guest.answer == "proposed" and guest.proposed_minutes == 45
    assert guest.proposed_at == dt.datetime(2026, 12, 11, 9, 0, tzinfo=dt.UTC), "ten o'clock in the zone that Outlook named"
    assert Notice.objects.filter(workspace_id=cast.home.pk, event="newtime", user_id=cast.ana.pk).count() == 1
    assert "Take this time" in cast.client("ana").get(f"/activity/{meeting.pk}").content.decode()
    sent(cast)
    assert do(cast, meeting, "take_time", guest=str(guest.pk)).status_code < 400
    meeting.refresh_from_db()
    assert meeting.happened_at == guest.proposed_at and meeting.minutes == 45
    assert event(sent(cast)[0])["SEQUENCE"] == 1


def test_calling_off_and_deleting_tell_the_invited_and_bringing_back_at_once_does_not(cast: Cast, box: Mailbox) -> None:
    meeting = a_meeting(cast)
    invite(cast, meeting)
    sent(cast)
    cast.ctx("ana").delete(meeting)
    run_readers()
    waiting = OutgoingMail.objects.get(state="waiting")
    assert waiting.calendar_method == "CANCEL"
    cast.ctx("ana").restore(meeting)
    run_readers()
    waiting.refresh_from_db()
    assert waiting.state == "taken_back" and not MeetingInvite.objects.get().is_called_off
    meeting.refresh_from_db()
    assert do(cast, meeting, "call_off", words="Sorry.").status_code < 400
    run_readers()
    [called_off] = sent(cast)
    assert called_off["METHOD"] == "CANCEL" and event(called_off)["STATUS"] == "CANCELLED" and event(called_off)["SEQUENCE"] == 2
    meeting.refresh_from_db()
    assert meeting.deleted_at is not None


def test_no_answer_is_ever_answered(cast: Cast, box: Mailbox) -> None:
    """Answers, foreign invitations, and the whole corpus of broken and hostile mail: nothing goes out by itself."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    before = OutgoingMail.objects.count()
    deliver(
        cast.system, box, calendar_mail(1, part(GOOGLE_REPLY, uid_of(meeting))), calendar_mail(2, part(OUTLOOK_REQUEST, "x@y", method="REQUEST")),
        calendar_mail(3, part(GOOGLE_REPLY, uid_of(meeting), method="REFRESH")), *all_of_it(60),
        *(calendar_mail(10 + at, text) for at, text in enumerate(["", "BEGIN:VCALENDAR\r\nMETHOD:REPLY", part(GOOGLE_REPLY, uid_of(meeting))[:300]])),
    )  # fmt: skip
    run_readers()
    assert OutgoingMail.objects.count() == before


def test_an_invitation_of_a_customer_comes_into_the_calendar_and_is_answered(cast: Cast, smtp: SmtpServer, box: Mailbox) -> None:
    """A card on the message; accepting makes a meeting with the person and tells their calendar."""
    jo = cast.system.create("customer", kind="person", name="Jo Kunde", emails=[JO])
    deliver(
        cast.system,
        box,
        calendar_mail(1, part(OUTLOOK_REQUEST, "040000008200E00074C5B7101A82E008", method="REQUEST", sequence=3)),
    )
    mail = Mail.objects.get()
    page = cast.client("ana").get(f"/mail/{mail.pk}").content.decode()
    assert "Put into the calendar" in page and "Room 5, first floor" in page and f"Answers go to {JO}" in page
    assert do(cast, mail, "accept_meeting", answer="accepted").status_code < 400
    meeting = Activity.objects.get()
    assert (meeting.kind, meeting.customer_id, meeting.owner_id, meeting.minutes) == ("meeting", jo.pk, cast.ana.pk, 60)
    assert meeting.happened_at == dt.datetime(2026, 12, 10, 13, 0, tzinfo=dt.UTC) and meeting.place == "Room 5, first floor"
    assert ActivityPerson.objects.get().person_id == jo.pk
    [reply] = sent(cast)
    assert reply["METHOD"] == "REPLY" and smtp.taken[0].receivers == [JO]
    one = event(reply)
    assert one["UID"] == "040000008200E00074C5B7101A82E008" and one["SEQUENCE"] == 3
    assert str(one["ATTENDEE"]) == "mailto:ana@fernhill.example" and one["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert "You accepted" in cast.client("ana").get(f"/mail/{mail.pk}").content.decode()
    assert do(cast, mail, "decline_meeting").status_code < 400
    meeting.refresh_from_db()
    assert meeting.deleted_at is not None and event(sent(cast)[0])["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_a_foreign_meeting_moves_and_is_called_off_in_the_order_its_organizer_meant(cast: Cast, box: Mailbox) -> None:
    cast.system.create("customer", kind="person", name="Jo Kunde", emails=[JO])
    mails = [
        calendar_mail(
            at, part(OUTLOOK_REQUEST, "foreign", method=method, sequence=at, start=start, end=start.replace("T14", "T15"))
        )
        for at, (method, start) in enumerate(
            [("REQUEST", "20261210T140000"), ("REQUEST", "20261212T140000"), ("CANCEL", "20261212T140000")]
        )
    ]
    first, second, third = (Mail.objects.get(pk=pk) for pk in deliver(cast.system, box, *mails))
    do(cast, first, "put_in_calendar")
    meeting = Activity.objects.get()
    do(cast, second, "put_in_calendar")
    meeting.refresh_from_db()
    assert meeting.happened_at.day == 12 and Activity.objects.count() == 1
    assert do(cast, first, "put_in_calendar").status_code == 422, "an older version changes nothing"
    do(cast, third, "put_in_calendar")
    meeting.refresh_from_db()
    assert meeting.deleted_at is not None and not OutgoingMail.objects.exists()


def test_an_answer_that_lies_in_a_real_mailbox_is_found_there(cast: Cast, box: Mailbox, dovecot: Dovecot) -> None:
    """Through IMAP, read twice."""
    meeting = a_meeting(cast)
    invite(cast, meeting)
    cast.system.delete(box)
    real = mailbox_for(cast, dovecot, "ana")
    dovecot.put(real.user_name, [calendar_mail(1, part(OUTLOOK_REPLY, uid_of(meeting)))])
    read(cast, real)
    read(cast, real)
    assert answer_of() == "accepted" and Mail.objects.get().invites == "reply"


def test_who_may_not_see_the_meeting_sees_nobody_invited(cast: Cast, box: Mailbox) -> None:
    meeting = a_meeting(cast)
    invite(cast, meeting)
    guest = MeetingGuest.objects.get()
    assert cast.client("cem").get(f"/meeting_guest/{guest.pk}").status_code == 404
    assert do(cast, meeting, "invite", who="cem", to="x@y.example").status_code == 404
    assert JO in cast.client("ana").get(f"/meeting_guest/{guest.pk}").content.decode()
