"""A calendar file comes in: looked at first, made through the write door, never twice, and taken back with one Undo."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.records.registry import registry
from tests.calendar.test_ical_feed import address_of, meeting
from tests.cast import Cast

DUBLIN = ZoneInfo("Europe/Dublin")


def file_of(*parts: str) -> bytes:
    body = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *parts, "END:VCALENDAR", ""])
    return body.replace("\n", "\r\n").encode()


def event(uid: str, *lines: str, kind: str = "VEVENT") -> str:
    return "\n".join([f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, f"END:{kind}"])


TASTING = event("one@x", "SUMMARY:Tasting", "DTSTART:20260714T090000Z", "DTEND:20260714T100000Z", "LOCATION:Quay 8", "DESCRIPTION:Bring samples")


def look(cast: Cast, data: bytes, who: str = "ana", status: int = 200) -> str:
    answer = cast.client(who).post("/calendar/import", {"file": SimpleUploadedFile("diary.ics", data, "text/calendar")})
    assert answer.status_code == status
    return answer.content.decode()


def bring_in(cast: Cast, data: bytes, who: str = "ana") -> tuple[str, str]:
    """Look and confirm; the toast's undo marks, and the preview."""
    page = look(cast, data, who)
    key = re.search(r'name="key" value="([^"]+)"', page)
    if key is None:
        return "", page
    client = cast.client(who)
    there = client.post("/calendar/import", {"key": key[1]})["Location"]
    undo = re.search(r'name="what" value="([^"]+)"', client.get(there).content.decode())
    return undo[1] if undo else "", page


def rows(key: str) -> list[object]:
    return list(registry.get(key).model.objects.filter(deleted_at=None).order_by("pk"))


def test_looking_makes_nothing(cast: Cast) -> None:
    page = look(cast, file_of(TASTING))
    assert "Tasting" in page and "1 new entry" in page and "Tue, 14 Jul 2026" in page.replace("Tue 14", "Tue, 14") and "10:00" in page
    assert not rows("activity")


def test_events_become_meetings_and_todos_tasks(cast: Cast) -> None:
    todo = event("two@x", "SUMMARY:Send price list", "DUE;VALUE=DATE:20260716", "DESCRIPTION:All of it", kind="VTODO")
    done = event("three@x", "SUMMARY:Ring", "DUE:20260717T123000Z", "STATUS:COMPLETED", kind="VTODO")
    undo, page = bring_in(cast, file_of(TASTING, todo, done))
    assert "3 new entries" in page
    made = rows("activity")[0]
    assert (made.subject, made.kind, made.minutes, made.owner_id) == ("Tasting", "meeting", 60, cast.ana.pk)
    assert made.happened_at == dt.datetime(2026, 7, 14, 9, tzinfo=dt.UTC) and (made.place, made.body) == ("Quay 8", "Bring samples")
    tasks = {task.subject: task for task in rows("task")}
    assert tasks["Send price list"].due_on == dt.date(2026, 7, 16) and tasks["Send price list"].note == "All of it"
    assert tasks["Ring"].state == "done" and tasks["Ring"].due_time == dt.time(13, 30)
    cast.client("ana").post("/undo", {"what": undo})
    assert not rows("activity") and not rows("task")


def test_the_same_file_again_makes_nothing_and_a_newer_one_changes(cast: Cast) -> None:
    bring_in(cast, file_of(TASTING))
    undo, page = bring_in(cast, file_of(TASTING))
    assert not undo and "1 entry is here already" in page and "Bring in 1" not in page
    undo, page = bring_in(cast, file_of(TASTING.replace("T090000Z", "T110000Z").replace("T100000Z", "T113000Z")))
    assert "1 entry changes" in page and len(rows("activity")) == 1
    assert rows("activity")[0].happened_at.hour == 11 and rows("activity")[0].minutes == 30
    cast.client("ana").post("/undo", {"what": undo})
    assert rows("activity")[0].happened_at.hour == 9


def test_what_went_out_comes_back_as_the_record_it_was(cast: Cast) -> None:
    """The feed itself, brought in, doubles nothing."""
    meeting(cast)
    cast.ctx("ana").create("task", subject="Send", due_on=cast.ctx("ana").format.today)
    data = cast.client("ana").get(address_of(cast)).content
    _undo, page = bring_in(cast, data)
    assert "2 entries are here already" in page and len(rows("activity")) == len(rows("task")) == 1


def test_a_strangers_entry_with_the_same_id_is_not_touched(cast: Cast) -> None:
    """Ben and Cem were at the same meeting: each has his own copy, and neither learns of the other's."""
    bring_in(cast, file_of(TASTING), "ben")
    _undo, page = bring_in(cast, file_of(TASTING), "cem")
    assert "1 new entry" in page and {one.owner_id for one in rows("activity")} == {cast.ben.pk, cast.cem.pk}


def test_people_are_known_by_their_address(cast: Cast) -> None:
    """The first known one is who it is about; somebody of whom the viewer may not know stays unknown."""
    grace = cast.ctx("ben").create("customer", name="Grace Tierney", kind="person", emails=["grace@aldersley.example"])
    cast.ctx("cem").create("customer", name="Hidden Person", kind="person", emails=["hidden@x.example"])
    with_people = TASTING.replace("LOCATION", "ATTENDEE;CN=G:mailto:Grace@Aldersley.example\nATTENDEE:mailto:hidden@x.example\nLOCATION")
    undo, page = bring_in(cast, file_of(with_people), "ben")
    assert "Grace Tierney" in page and "Hidden Person" not in page and "1 unknown address" in page
    made = rows("activity")[0]
    assert made.customer_id == grace.pk and [one.person_id for one in rows("activity_person")] == [grace.pk]
    cast.client("ben").post("/undo", {"what": undo})
    assert not rows("activity") and not rows("activity_person")


def test_recurring_ones_are_spelled_out_within_the_bound(cast: Cast) -> None:
    """By the clock of their own zone, without the ones called off, with the one that was moved."""
    start = dt.datetime.combine(cast.ctx("ana").format.today - dt.timedelta(days=7), dt.time(10))
    stamp = "%Y%m%dT%H%M%S"
    moved, off = start + dt.timedelta(days=14), start + dt.timedelta(days=21)
    weekly = event(
        "week@x", "SUMMARY:Weekly", f"DTSTART;TZID=Europe/Dublin:{start.strftime(stamp)}", "DURATION:PT45M", "RRULE:FREQ=WEEKLY",
        f"EXDATE;TZID=Europe/Dublin:{off.strftime(stamp)}",
    )  # fmt: skip
    other = event(
        "week@x", "SUMMARY:Weekly, moved", f"RECURRENCE-ID;TZID=Europe/Dublin:{moved.strftime(stamp)}",
        f"DTSTART;TZID=Europe/Dublin:{(moved + dt.timedelta(hours=3)).strftime(stamp)}", "DURATION:PT45M",
    )  # fmt: skip
    _undo, page = bring_in(cast, file_of(weekly, other))
    assert "1 entry repeats" in page
    found = [one.happened_at.astimezone(DUBLIN).replace(tzinfo=None) for one in rows("activity")]
    assert 25 <= len(found) <= 28 and off not in found and moved not in found and moved + dt.timedelta(hours=3) in found
    assert {at.time() for at in found} == {dt.time(10), dt.time(13)}
    _undo, page = bring_in(cast, file_of(weekly, other))
    assert "here already" in page and "new" not in page.split("ics-list")[0].split("card pad-card")[1]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=NONSENSE", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "COUNT=5", "FREQ=DAILY;BYDAY=" + "MO," * 400],
)
def test_mad_rules_are_left_out_quickly(cast: Cast, rule: str) -> None:
    mad = event("mad@x", "SUMMARY:Mad", "DTSTART:20260714T090000Z", f"RRULE:{rule}")
    page = look(cast, file_of(mad, TASTING))
    assert "1 new entry" in page and "Tasting" in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a calendar file"),
        (b"hello", "not a calendar file"),
        (b"\x89PNG\r\n\x1a\n\x00\x01", "not a calendar file"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "not a calendar file"),
        (b"BEGIN:VCARD\r\nFN:X\r\nEND:VCARD\r\n", "not a calendar file"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * 2_200_000, "larger than 2 MB"),
        (file_of(*[event(f"{n}@x", "DTSTART:20260714T090000Z") for n in range(5_001)]), "more than 5000"),
    ],
    ids=["none", "text", "picture", "half", "card", "large", "many"],
)
def test_bad_files_get_one_sentence(cast: Cast, data: bytes, said: str) -> None:
    page = look(cast, data, status=422)
    assert said in page and not rows("activity")


def test_odd_entries_are_counted_and_not_guessed(cast: Cast) -> None:
    cancelled = event("c@x", "SUMMARY:Off", "DTSTART:20260714T090000Z", "STATUS:CANCELLED")
    timeless = event("t@x", "SUMMARY:Some day", kind="VTODO")
    page = look(cast, file_of(TASTING, cancelled, timeless))
    assert "1 entry is cancelled" in page and "1 entry has no time" in page and "1 new entry" in page


def test_hostile_text_stays_text(cast: Cast) -> None:
    nasty = TASTING.replace("Tasting", "<script>alert(1)</script>")
    page = look(cast, file_of(nasty))
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_more_than_one_undo_can_hold_waits(cast: Cast) -> None:
    many = file_of(*[event(f"{n}@x", f"SUMMARY:E{n}", f"DTSTART:202607{n % 28 + 1:02}T{n % 24:02}0000Z") for n in range(230)])
    _undo, page = bring_in(cast, many)
    assert "30 entries wait" in page and len(rows("activity")) == 200
    bring_in(cast, many)
    assert len(rows("activity")) == 230


def test_a_file_of_somebody_else_is_not_there(cast: Cast) -> None:
    key = re.search(r'name="key" value="([^"]+)"', look(cast, file_of(TASTING)))[1]
    assert cast.client("ben").post("/calendar/import", {"key": key}).status_code == 404
    assert cast.client("ben").post("/calendar/import", {"key": "x" * 20}).status_code == 404
    assert not rows("activity")


def test_queries_of_the_preview_do_not_grow(cast: Cast) -> None:
    counts = []
    for many in (1, 60):
        parts = [event(f"{many}-{n}@x", f"SUMMARY:E{n}", "DTSTART:20260714T090000Z", f"ATTENDEE:mailto:p{n}@x.example") for n in range(many)]
        look(cast, file_of(*parts))
        with CaptureQueriesContext(connection) as queries:
            look(cast, file_of(*parts))
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
