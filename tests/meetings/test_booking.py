"""Booking pages: strangers see when there is room, book it once, move it, call it off; and programs get nowhere."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from icalendar import Calendar

from rapport.engines.booking.models import Booking, BookingPage, PublicBooking
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.notices.models import Notice
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.readers import run_readers
from rapport.kernel.errors import Invalid
from rapport.modules.activities.models import Activity
from rapport.modules.meetings.models import MeetingGuest
from rapport.modules.sales.models import Lead
from rapport.modules.service.models import ServiceHours
from rapport.surfaces.web.forms import pages as forms_pages
from tests.cast import Cast, program

MAYA = {"name": "Maya Jensen", "emails": "maya@example.org", "phones": "+353 1 555 0142", "note": "A quote, please"}
_ALWAYS = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), "09:00-17:00")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors of these tests take their time."""
    monkeypatch.setattr(forms_pages, "QUICKEST", -1)


def a_page(cast: Cast, who: str = "ana", **given: object) -> BookingPage:
    values = {"name": "Intro call", "handle": f"{who}-{cast.home.pk.hex[-6:]}", "is_open": True, "lengths": "30, 60", **_ALWAYS, **given}
    made = cast.ctx(who).create("booking_page", **values)
    assert isinstance(made, BookingPage)
    return made


def starts(page: BookingPage, client: Client | None = None, **asked: str) -> list[str]:
    """The times a visitor is offered."""
    found = (client or program()).get(f"/book/{page.handle}", asked)
    assert found.status_code == 200 and not found.cookies
    return re.findall(r"/at\?start=([0-9TZ%A-]+)&", found.content.decode().replace("%3A", ":").replace(":", "%A"))


def offered(page: BookingPage, **asked: str) -> list[dt.datetime]:
    return [dt.datetime.strptime(one.replace("%A", ":"), "%Y-%m-%dT%H:%MZ").replace(tzinfo=dt.UTC) for one in starts(page, **asked)]


def text_of(start: dt.datetime) -> str:
    return start.strftime("%Y-%m-%dT%H:%MZ")


def book(page: BookingPage, start: dt.datetime, client: Client | None = None, **given: str) -> Any:
    """What a browser does: open the form, type, press the button."""
    client = client or program()
    shown = client.get(f"/book/{page.handle}/at", {"start": text_of(start), "minutes": "30", "tz": "America/New_York"})
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode()))
    return client.post(f"/book/{page.handle}/at", {**hidden, **MAYA, **given})


def test_a_visitor_books_moves_and_calls_off(
    cast: Cast, smtp: object, sending_mailbox: Callable[..., Mailbox]
) -> None:
    """A lead, a meeting, an invitation with the way back; then another time, then none; and a notice each time."""
    sending_mailbox("ana")
    page = a_page(cast)
    times = offered(page)
    answer = book(page, times[3])
    assert answer.status_code == 303, answer.content.decode()
    meeting, lead = Activity.objects.get(), Lead.objects.get()
    assert (meeting.kind, meeting.owner_id, meeting.happened_at, meeting.minutes) == ("meeting", cast.ana.pk, times[3], 30)
    assert meeting.about_id == lead.pk and lead.owner_id == cast.ana.pk and meeting.place == "By phone: +353 1 555 0142"
    assert "A quote, please" in meeting.body and times[3] not in offered(page)
    here = answer.headers["Location"]
    assert "It is booked" in program().get(here).content.decode() and str(times[3].year) in program().get(here).content.decode()
    mail = OutgoingMail.objects.get()
    assert mail.to[0]["address"] == "maya@example.org" and "(America/New_York)" in mail.text and "quote" not in mail.text and str(times[3].year) in mail.text
    event = Calendar.from_ical(mail.calendar).walk("VEVENT")[0]
    assert event["DTSTART"].dt == times[3] and str(event["ORGANIZER"]) == "mailto:ana@fernhill.example"
    [link] = re.findall(r"https?://[^/\s]+(/booking/\S+)", mail.text)
    assert times[5] in offered(page)
    taken = program().post(f"{link}/move", {"start": text_of(times[3] + dt.timedelta(days=400))})
    assert taken.status_code == 409
    assert program().post(f"{link}/move", {"start": text_of(times[5])}).status_code == 303
    meeting.refresh_from_db()
    assert meeting.happened_at == times[5] and times[3] in offered(page)
    moved = OutgoingMail.objects.order_by("-made_at").first()
    assert moved is not None and Calendar.from_ical(moved.calendar).walk("VEVENT")[0]["SEQUENCE"] == 1
    assert program().get(link).status_code == 200
    meeting.refresh_from_db()
    assert meeting.deleted_at is None, "looking calls nothing off"
    program().post(link)
    run_readers()
    meeting.refresh_from_db()
    assert meeting.deleted_at is not None and "Called off" in program().get(link).content.decode()
    assert list(OutgoingMail.objects.order_by("made_at").values_list("calendar_method", flat=True)) == ["REQUEST", "REQUEST", "CANCEL"]
    events = Notice.objects.filter(workspace_id=cast.home.pk, user_id=cast.ana.pk).order_by("at").values_list("event", flat=True)
    assert [one for one in events if one.endswith("booked")] == ["booked", "rebooked", "unbooked"]
    assert program().post(f"{link}x").status_code == 404


def test_a_known_person_is_joined_and_nothing_goes_out_without_a_mailbox(cast: Cast) -> None:
    jo = cast.ctx("ana").create("customer", kind="person", name="Maya J.", emails=["maya@example.org"])
    page = a_page(cast)
    answer = book(page, offered(page)[0])
    meeting = Activity.objects.get(kind="meeting")
    assert meeting.customer_id == jo.pk and MeetingGuest.objects.get().person_id == jo.pk and not Lead.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert "Keep the address of this page" in program().get(answer.headers["Location"]).content.decode()
    told = cast.client("ana").get(f"/booking_page/{page.pk}").content.decode()
    assert "there is no mailbox of yours that sends" in told and f"/book/{page.handle}" in told


def test_times_keep_to_hours_meetings_holidays_and_rules(cast: Cast) -> None:
    """By the owner's clock (Dublin); meetings with room before and after, days off, holidays of the company, most a day."""
    today = dt.datetime.now(ZoneInfo("Europe/Dublin")).date()
    off, holiday, full = (today + dt.timedelta(days=at) for at in (3, 4, 5))
    page = a_page(cast, days_off=off.isoformat(), minutes_before=30, minutes_after=15, notice_hours=30, ahead_days=8, most_a_day=1)
    cast.system.create("holiday", hours=ServiceHours.objects.get().pk, name="X", day=holiday)
    noon = dt.datetime.combine(full, dt.time(12), ZoneInfo("Europe/Dublin"))
    cast.ctx("ana").create("activity", kind="meeting", subject="Other", happened_at=noon, minutes=60, owner=cast.ana.pk)
    found = [one.astimezone(ZoneInfo("Europe/Dublin")) for one in offered(page)]
    days = {one.date() for one in found}
    assert off not in days and holiday not in days and min(found) >= dt.datetime.now(dt.UTC) + dt.timedelta(hours=29)
    assert max(found) <= dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
    clocks = [f"{one:%H:%M}" for one in found if one.date() == full]
    assert clocks[0] == "09:00" and clocks[-1] == "16:30" and set(clocks).isdisjoint({"11:30", "12:00", "12:30", "13:00"})
    assert {"11:00", "13:30"} <= set(clocks)
    book(page, dt.datetime.combine(full, dt.time(15), ZoneInfo("Europe/Dublin")).astimezone(dt.UTC))
    assert full not in {one.astimezone(ZoneInfo("Europe/Dublin")).date() for one in offered(page)}


def test_a_visitor_sees_their_own_zone_and_may_choose_another(cast: Cast) -> None:
    page = a_page(cast)
    shown = program().get(f"/book/{page.handle}", {"tz": "Asia/Tokyo"}).content.decode()
    assert "<option selected>Asia/Tokyo</option>" in shown
    times = re.findall(r'start=(\d{4}-\d\d-\d\dT\d\d)%3A(\d\d)Z&[^>]*>([^<]+)<', shown)
    assert times and all(
        text == f"{dt.datetime.fromisoformat(f'{hour}:{minute}+00:00').astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}"
        for hour, minute, text in times
    ), times[:3]
    broken = program().get(f"/book/{page.handle}", {"tz": "No/Where", "minutes": "7", "from": "9999-99-99"})
    assert broken.status_code == 200 and "<option selected>Europe/Dublin</option>" in broken.content.decode()


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(cast: Cast) -> None:
    page = a_page(cast)
    start = offered(page)[0]
    answer = book(page, start, emails="not an address", phones="")
    text = answer.content.decode()
    assert answer.status_code == 422 and "not an address" in text and "Maya Jensen" in text and "This is needed." in text
    assert not Activity.objects.exists()
    assert program().get(f"/book/{page.handle}/at", {"start": "never"}).status_code == 302


def test_programs_and_strangers_get_nowhere(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hidden field, no token, too many; a closed page and one of somebody who left answer like none."""
    page = a_page(cast)
    start = offered(page)[0]
    book(page, start, website_url="x")
    client = program()
    client.post(f"/book/{page.handle}/at", {**MAYA, "start": text_of(start), "minutes": "30"})
    assert not Activity.objects.exists() and not Booking.objects.exists()
    assert "not valid" not in client.get(f"/book/{page.handle}").content.decode()
    answers = [book(page, start, emails="bad").status_code for _n in range(12)]
    assert answers[0] == 422 and answers[-1] == 429
    cast.ctx("ana").write(page, is_open=False)
    assert program().get(f"/book/{page.handle}").status_code == program().get("/book/nobody").status_code == 404


def test_a_name_that_is_typed_carries_no_words_to_others(cast: Cast, sending_mailbox: Callable[..., Mailbox]) -> None:
    """Nobody writes to third people through a booking page."""
    sending_mailbox("ana")
    page = a_page(cast)
    book(page, offered(page)[0], name="Win at http://bad.example now", note="http://bad.example", phones="+353 1 555 0142")
    mail = OutgoingMail.objects.get()
    assert "bad.example" not in mail.text + mail.subject + mail.calendar + str(mail.to) and mail.is_automatic


def test_each_sets_up_their_own_page(cast: Cast) -> None:
    """An address that is taken, hours and days that are none are refused with a sentence; others do not see it."""
    page = a_page(cast, "ben")
    for wrong, words in [({"handle": "Ä b"}, "small letters"), ({"monday": "late"}, "no time of day"), ({"lengths": "1"}, "5 to 480"),
                         ({"days_off": "soon"}, "is no day"), ({"place_kind": "link", "place": ""}, "link of the online"),
                         ({"notice_hours": 9999}, "At most")]:  # fmt: skip
        with pytest.raises(Invalid, match=words):
            cast.ctx("ben").write(page, **wrong)
    with pytest.raises(Invalid, match="taken"):
        cast.ctx("ana").create("booking_page", name="Hers", handle=page.handle, **_ALWAYS)
    with use_workspace(cast.away), pytest.raises(Invalid, match="taken"):
        cast.ctx("dea").create("booking_page", name="Hers", handle=page.handle, **_ALWAYS)
    assert cast.client("cem").get(f"/booking_page/{page.pk}").status_code == 404
    drawn = cast.ctx("cem").create("booking_page", name="Cem", **_ALWAYS)
    assert PublicBooking.objects.get(record_id=drawn.pk).key and not PublicBooking.objects.get(record_id=drawn.pk).is_open


def test_two_visitors_at_once_for_one_time_one_wins_and_the_other_keeps_what_was_typed(committed_cast: Cast) -> None:
    """Threads with connections of their own; the loser is told and offered other times."""
    page = a_page(committed_cast)
    start = offered(page)[2]
    answers: list[Any] = []
    ready = threading.Barrier(3)
    clients = [program() for _n in range(3)]

    def visit(at: int) -> None:
        try:
            shown = clients[at].get(f"/book/{page.handle}/at", {"start": text_of(start), "minutes": "30"}).content.decode()
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
            ready.wait()
            given = {**hidden, **MAYA, "name": f"Visitor {'ABC'[at]}", "emails": f"v{at}@example.org"}
            answers.append(done := clients[at].post(f"/book/{page.handle}/at", given))
            if done.status_code == 303:
                assert "It is booked" in clients[at].get(done.headers["Location"]).content.decode()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=visit, args=(at,)) for at in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.status_code for one in answers) == [303, 409, 409]
    assert Activity.objects.filter(kind="meeting").count() == 1 == Booking.objects.count()
    lost = next(one for one in answers if one.status_code == 409).content.decode()
    assert "taken a moment ago" in lost and re.search(r'value="Visitor [ABC]"', lost) and "<optgroup" in lost
