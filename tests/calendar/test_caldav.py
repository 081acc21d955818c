"""Calendars that programs read and write (CalDAV): asked as an iPhone, Thunderbird and DAVx5 ask."""

from __future__ import annotations

import base64
import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest
from django.test import Client
from icalendar import Calendar

from rapport.engines.calendar.models import CalendarDevice, DeviceEntry
from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.calendar.test_ical_feed import meeting, soon
from tests.cast import Cast

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_MULTIGET = '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>{}</C:calendar-multiget>'
_QUERY = """<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop><c:filter>
<c:comp-filter name="VCALENDAR"><c:comp-filter name="{}"><c:time-range start="{}"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""


class Program:
    """A calendar program with the password that the settings page has shown once."""

    def __init__(self, cast: Cast, who: str = "ana") -> None:
        page = cast.client(who).post("/settings/calendar/devices", {"name": "Phone"}).content.decode()
        found = re.search(r'id="secret">([^<]+)<', page)
        assert found
        self.secret = found[1]
        self.home = f"/dav/{cast.ctx(who).viewer.user_id}/"

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str):
        way = base64.b64encode(f"anybody:{self.secret}".encode()).decode()
        data = body.encode() if isinstance(body, str) else body
        given = {"Authorization": f"Basic {way}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return Client(headers=given).generic(method, path, data, content_type="application/xml")

    def many(self, method: str, path: str, body: str = "", depth: str = "0") -> dict[str, ET.Element]:
        answer = self.ask(method, path, body, Depth=depth)
        assert answer.status_code == 207, answer.content
        return {one.findtext(f"{D}href"): one for one in ET.fromstring(answer.content)}

    def names(self, kind: str = "activity") -> list[str]:
        found = self.many("PROPFIND", f"{self.home}{kind}/", '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>', "1")
        return [address for address in found if address.endswith(".ics")]

    def read(self, address: str):
        answer = self.ask("GET", address)
        assert answer.status_code == 200
        return next(one for one in Calendar.from_ical(answer.content).walk() if one.name in ("VEVENT", "VTODO")), answer["ETag"]


def event(uid: str, start: dt.datetime, *lines: str, summary: str = "Visit the roastery") -> bytes:
    """As an iPhone writes it: a zone of its own, a reminder, a place."""
    at = start.astimezone(dt.timezone(dt.timedelta(hours=2)))
    return "\r\n".join([
        "BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", "PRODID:-//Apple Inc.//iPhone OS 18.5//EN", "VERSION:2.0", "BEGIN:VTIMEZONE",
        "TZID:Test/Plus2", "BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD",
        "END:VTIMEZONE", "BEGIN:VEVENT", f"UID:{uid}", f"DTSTART;TZID=Test/Plus2:{at:%Y%m%dT%H%M%S}", "DURATION:PT90M",
        f"SUMMARY:{summary}", "DTSTAMP:20260101T000000Z", "SEQUENCE:0", *lines, "END:VEVENT", "END:VCALENDAR", "",
    ]).encode()  # fmt: skip


def test_a_phone_finds_its_way_from_the_server_s_name_to_the_entries(cast: Cast) -> None:
    made = meeting(cast)
    meeting(cast, who="ben", subject="Of Ben")
    program = Program(cast)
    first = Client().get("/.well-known/caldav")
    assert first.status_code == 301 and first["Location"] == "/dav/"
    ask = '<d:propfind xmlns:d="DAV:"><d:prop><d:current-user-principal/><d:nonsense/></d:prop></d:propfind>'
    root = program.many("PROPFIND", "/dav/", ask)["/dav/"]
    assert root.findtext(f".//{D}current-user-principal/{D}href") == program.home
    assert [one.findtext(f"{D}status") for one in root.findall(f"{D}propstat")] == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]
    ask = '<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-home-set/></d:prop></d:propfind>'
    assert program.many("PROPFIND", program.home, ask)[program.home].findtext(f".//{C}calendar-home-set/{D}href") == program.home
    below = program.many("PROPFIND", program.home, "", "1")
    assert set(below) == {program.home, f"{program.home}activity/", f"{program.home}task/"}
    assert below[f"{program.home}activity/"].find(f".//{D}resourcetype/{C}calendar") is not None
    assert below[f"{program.home}task/"].find(f".//{C}comp").get("name") == "VTODO"
    assert program.names() == [f"{program.home}activity/activity-{made.pk}.ics"]
    assert Client().options("/dav/")["DAV"] == "1, 3, calendar-access"


def test_what_is_entered_on_the_phone_is_a_meeting_here_with_its_customer(cast: Cast) -> None:
    person = cast.ctx("ana").create("customer", name="Mia Lund", kind="person", emails=[{"label": "work", "value": "mia@lund.example"}])
    program, start = Program(cast), soon(cast)
    address = f"{program.home}activity/4F6A-11.ics"
    data = event("4F6A-11", start, "LOCATION:Hafen 3\\, Hamburg", "DESCRIPTION:Bring samples", "ATTENDEE:mailto:mia@lund.example",
                 "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:secret words", "TRIGGER:-PT15M", "END:VALARM")  # fmt: skip
    assert program.ask("PUT", address, data, If_None_Match="*").status_code == 201
    made = registry.get("activity").model.objects.get(workspace=cast.home, subject="Visit the roastery")
    assert (made.kind, made.happened_at, made.minutes, made.owner_id) == ("meeting", start, 90, cast.ctx("ana").viewer.user_id)
    assert (made.place, made.body, made.customer_id) == ("Hafen 3, Hamburg", "Bring samples", person.pk)
    shown, _mark = program.read(address)
    assert shown["DTSTART"].dt == start and str(shown["LOCATION"]) == "Hafen 3, Hamburg" and str(shown["DESCRIPTION"]) == "Bring samples"
    assert shown["CONTACT"] == "Mia Lund"
    assert [str(one["TRIGGER"].to_ical().decode()) for one in shown.subcomponents] == ["-PT15M"], "the reminder is kept"
    assert "secret words" not in DeviceEntry.objects.get(workspace=cast.home).kept
    assert program.names() == [address], "it keeps the name that the phone gave it"
    again = program.ask("PUT", address, data, If_None_Match="*")
    assert again.status_code == 412, "a program that takes the name for free is told that it is not"


def test_both_sides_move_it_and_neither_overwrites_the_other_unseen(cast: Cast) -> None:
    program, start = Program(cast), soon(cast)
    address = f"{program.home}activity/one.ics"
    program.ask("PUT", address, event("one", start))
    _shown, mark = program.read(address)
    made = registry.get("activity").model.objects.get(workspace=cast.home, subject="Visit the roastery")
    cast.ctx("ana").write(made, subject="Visit the new roastery")
    later = event("one", start + dt.timedelta(hours=3))
    refused = program.ask("PUT", address, later, If_Match=mark)
    assert refused.status_code == 412 and "has changed" in refused.content.decode()
    shown, mark = program.read(address)
    assert str(shown["SUMMARY"]) == "Visit the new roastery" and shown["DTSTART"].dt == start
    moved = event("one", start + dt.timedelta(hours=3), summary="Visit the new roastery")
    assert program.ask("PUT", address, moved, If_Match=mark).status_code == 204
    made.refresh_from_db()
    assert made.happened_at == start + dt.timedelta(hours=3) and made.subject == "Visit the new roastery"
    assert program.ask("DELETE", address, If_Match=mark).status_code == 412
    assert program.ask("DELETE", address).status_code == 204
    assert program.ask("GET", address).status_code == 404 and program.names() == []
    made.refresh_from_db()
    assert made.deleted_at is not None, "it lies in the bin, from where it can come back"
    assert program.ask("PUT", address, event("one", start), If_None_Match="*").status_code == 201, "the name is free again"


def test_a_task_ticked_off_on_the_phone_is_done_here_and_its_next_one_comes(cast: Cast) -> None:
    today = cast.ctx("ana").format.today
    task = cast.ctx("ana").create("task", subject="Water the plants", due_on=today, repeats="weekly")
    program = Program(cast)
    address = f"{program.home}task/task-{task.pk}.ics"
    assert program.names("task") == [address]
    raw = program.ask("GET", address).content.replace(b"STATUS:NEEDS-ACTION", b"STATUS:COMPLETED")
    assert program.ask("PUT", address, raw).status_code == 204
    task.refresh_from_db()
    assert task.state == "done" and task.done_at is not None
    assert len(program.names("task")) == 2, "the next one of a repeating task, by the action's own ways"
    assert program.ask("PUT", address, raw.replace(b"STATUS:COMPLETED", b"STATUS:NEEDS-ACTION")).status_code == 204
    task.refresh_from_db()
    assert task.state == "open"


def test_queries_and_lists_of_addresses_answer_what_is_there_and_what_is_gone(cast: Cast) -> None:
    made, program = meeting(cast), Program(cast)
    start = f"{program.home}activity/"
    here, gone, foreign = f"{start}activity-{made.pk}.ics", f"{start}nothing.ics", "/dav/elsewhere/x.ics"
    found = program.many("REPORT", start, _MULTIGET.format("".join(f"<D:href>{one}</D:href>" for one in (here, gone, foreign))))
    assert "Tasting" in found[here].findtext(f".//{C}calendar-data")
    assert {found[one].findtext(f"{D}status") for one in (gone, foreign)} == {"HTTP/1.1 404 Not Found"}
    later = soon(cast) + dt.timedelta(days=30)
    assert set(program.many("REPORT", start, _QUERY.format("VEVENT", f"{soon(cast):%Y%m%dT%H%M%SZ}"))) == {here}
    assert program.many("REPORT", start, _QUERY.format("VEVENT", f"{later:%Y%m%dT%H%M%SZ}")) == {}
    assert program.many("REPORT", start, _QUERY.format("VTODO", f"{soon(cast):%Y%m%dT%H%M%SZ}")) == {}
    tag = '<d:propfind xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:prop><s:getctag/></d:prop></d:propfind>'
    before = program.ask("PROPFIND", start, tag).content
    assert program.ask("PROPFIND", start, tag).content == before
    cast.ctx("ana").write(made, subject="Moved")
    assert program.ask("PROPFIND", start, tag).content != before, "programs see by this that there is something new"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"no calendar", "not a calendar file"),
        (event("r", dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC), "RRULE:FREQ=WEEKLY"), "Repeating entries"),
        (event("x", dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)).replace(b"VEVENT", b"VTODO"), "do not belong"),
    ],
    ids=["no calendar", "repeating", "a task among meetings"],
)
def test_what_cannot_be_kept_is_refused_in_words_and_nothing_is_written(cast: Cast, body: bytes, words: str) -> None:
    program = Program(cast)
    answer = program.ask("PUT", f"{program.home}activity/odd.ics", body)
    assert answer.status_code == 403 and words in answer.content.decode()
    assert not registry.get("activity").model.objects.filter(workspace=cast.home, subject="Visit the roastery").exists()


def test_hostile_questions_are_refused_and_never_fail(cast: Cast) -> None:
    program = Program(cast)
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><d:propfind xmlns:d="DAV:"><d:prop>&b;</d:prop></d:propfind>'
    for method, path, body in (
        ("PROPFIND", "/dav/", bomb), ("PROPFIND", "/dav/", "<open"), ("REPORT", f"{program.home}activity/", "<x/>"),
        ("REPORT", f"{program.home}activity/", _QUERY.format("VEVENT", "tomorrow")), ("MKCALENDAR", f"{program.home}new/", ""),
        ("PUT", f"{program.home}activity/", "x"), ("DELETE", program.home, ""), ("PROPFIND", f"{program.home}customer/", ""),
        ("PUT", f"{program.home}activity/{'n' * 300}.ics", event("n", soon(cast)).decode()), ("MOVE", "/dav/", ""),
        ("PROPPATCH", f"{program.home}activity/", '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set></d:propertyupdate>'),
    ):  # fmt: skip
        answer = program.ask(method, path, body)
        assert answer.status_code in (207, 400, 403, 404, 405), (method, path, answer.status_code)
        assert answer.status_code != 207 or b"403 Forbidden" in answer.content


def test_nobody_but_the_owner_of_the_password_gets_in_and_only_to_their_own(cast: Cast) -> None:
    made = meeting(cast, who="ben", subject="Of Ben")
    program, ben = Program(cast), Program(cast, "ben")
    for path in (ben.home, f"{ben.home}activity/", f"{ben.home}activity/activity-{made.pk}.ics", f"{program.home}activity/activity-{made.pk}.ics"):
        for method in ("PROPFIND", "GET", "DELETE", "REPORT"):
            assert program.ask(method, path).status_code in (403, 404, 405), (method, path)
    assert program.ask("PUT", f"{program.home}activity/activity-{made.pk}.ics", event("x", soon(cast))).status_code in (201, 403)
    made.refresh_from_db()
    assert made.subject == "Of Ben"
    nobody = Client().generic("PROPFIND", "/dav/")
    assert nobody.status_code == 401 and nobody["WWW-Authenticate"].startswith("Basic")
    cast.client("ana").post(f"/settings/calendar/devices/{CalendarDevice.objects.get(workspace=cast.home, user=cast.ana).pk}/revoke")
    assert program.ask("PROPFIND", "/dav/").status_code == 401, "an ended password"
    Account.objects.filter(pk=cast.ben.account_id).update(is_active=False)
    assert ben.ask("PROPFIND", "/dav/").status_code == 401, "a former colleague"


def test_guessing_passwords_is_slowed_down(cast: Cast) -> None:
    program = Program(cast)
    program.secret = "dav_wrong"
    answers = [program.ask("PROPFIND", "/dav/").status_code for _n in range(40)]
    assert answers[0] == 401 and answers[-1] == 429
