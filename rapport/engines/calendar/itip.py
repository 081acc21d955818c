"""Invitations as calendars exchange them (iTIP, RFC 5546, inside RFC 5545): one event read out of a part, and one written.

What comes is foreign: it is bounded, every value is made plain, and what cannot be read is None. What goes is in UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Component

REQUEST, CANCEL, REPLY, COUNTER = "REQUEST", "CANCEL", "REPLY", "COUNTER"
_METHOD = re.compile(r"^METHOD(?:;[^:\r\n]*)?:[ \t]*([A-Za-z-]{1,20})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_LONGEST = 100_000
_MOST_PARTIES = 200
_MOST_MINUTES = 14 * 24 * 60
#: What reading a broken part may raise.
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Party:
    """Somebody in an invitation: address in lower case, name, and what they answered (ACCEPTED, NEEDS-ACTION …)."""

    address: str
    name: str = ""
    answer: str = "NEEDS-ACTION"


@dataclass(frozen=True)
class Meeting:
    """One event that is offered, changed, called off or answered."""

    method: str
    uid: str
    #: None where none is given.
    sequence: int | None
    stamp: dt.datetime | None
    title: str = ""
    #: In UTC; None where there is none (answers need not repeat it).
    start: dt.datetime | None = None
    minutes: int | None = None
    place: str = ""
    text: str = ""
    comment: str = ""
    organizer: Party | None = None
    attendees: tuple[Party, ...] = ()
    #: It recurs, or is one of a series: nothing is done with such by itself.
    is_series: bool = False


def method_of(text: str) -> str:
    """What a calendar part wants; "" for one that is only a file."""
    found = _METHOD.search(text[:_LONGEST])
    return found[1].upper() if found else ""


def read_meeting(text: str, zone: ZoneInfo) -> Meeting | None:
    """The first event of a calendar part; None for what cannot be understood. A time without a zone is one of `zone`."""
    # Read when it is needed: the library takes a tenth of a second, which every start of Rapport would pay.
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(text[:_LONGEST])
        event = next((one for one in calendar.walk() if one.name == "VEVENT"), None)
        return _read(event, method_of(text), zone) if event is not None and event.get("UID") else None
    except _BROKEN:
        return None


def _read(event: Component, method: str, zone: ZoneInfo) -> Meeting:
    start = _moment(event, "DTSTART", zone)
    attendees = event.get("ATTENDEE", [])
    listed = attendees if isinstance(attendees, list) else [attendees]
    return Meeting(
        method=method, uid=_plain(event.get("UID"), 250), sequence=_number(event.get("SEQUENCE")),
        stamp=_moment(event, "DTSTAMP", zone), title=_plain(event.get("SUMMARY"), 200), start=start,
        minutes=_minutes(event, start, zone), place=_plain(event.get("LOCATION"), 200),
        text=_words(event.get("DESCRIPTION"), 5_000), comment=_words(_first(event.get("COMMENT")), 500),
        organizer=_party(_first(event.get("ORGANIZER"))),
        attendees=tuple(one for one in map(_party, listed[:_MOST_PARTIES]) if one is not None),
        is_series="RRULE" in event or "RECURRENCE-ID" in event,
    )  # fmt: skip


def _moment(event: Component, name: str, zone: ZoneInfo) -> dt.datetime | None:
    given = event.get(name)
    value = getattr(_first(given), "dt", None)
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(dt.UTC)
    return dt.datetime.combine(value, dt.time(), tzinfo=zone).astimezone(dt.UTC) if isinstance(value, dt.date) else None


def _minutes(event: Component, start: dt.datetime | None, zone: ZoneInfo) -> int | None:
    if start is None:
        return None
    end = _moment(event, "DTEND", zone)
    if end is None:
        length = getattr(event.get("DURATION"), "dt", None)
        end = start + length if isinstance(length, dt.timedelta) else None
    many = round((end - start).total_seconds() / 60) if end is not None else 0
    return min(many, _MOST_MINUTES) if many > 0 else None


def _party(given: object) -> Party | None:
    text = str(given or "").strip()
    address = re.sub(r"^mailto:", "", text, flags=re.IGNORECASE).strip().lower()
    if "@" not in address or len(address) > 254 or re.search(r"[\s<>\x00-\x1f]", address):
        return None
    params = getattr(given, "params", {})
    return Party(address, _plain(params.get("CN"), 120), str(params.get("PARTSTAT", "NEEDS-ACTION")).upper()[:20])


def _first(given: object) -> object:
    return (given[0] if given else None) if isinstance(given, list) else given


def _number(given: object) -> int | None:
    text = str(given).strip()
    return min(int(text), 2**31 - 1) if given is not None and text.isascii() and text.isdigit() and len(text) < 12 else None


def _plain(given: object, most: int) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", str(given or "")).split())[:most]


def _words(given: object, most: int) -> str:
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", str(given or "").replace("\r\n", "\n")).strip()[:most]


def write_meeting(meeting: Meeting, *, url: str = "") -> str:
    """A calendar part of a message. Whoever is asked is asked to answer."""
    from icalendar import Calendar
    from icalendar import Event as CalendarEvent

    made = Calendar()
    made.add("prodid", "-//Rapport//Calendar//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", meeting.method)
    event = CalendarEvent()
    event.add("uid", meeting.uid)
    event.add("dtstamp", (meeting.stamp or dt.datetime.now(dt.UTC)).astimezone(dt.UTC))
    event.add("sequence", meeting.sequence or 0)
    if meeting.start is not None:
        event.add("dtstart", meeting.start.astimezone(dt.UTC))
        event.add("dtend", (meeting.start + dt.timedelta(minutes=meeting.minutes or 30)).astimezone(dt.UTC))
    for name, text in (("summary", meeting.title), ("location", meeting.place), ("description", meeting.text),
                       ("comment", meeting.comment), ("url", url)):  # fmt: skip
        if text:
            event.add(name, text)
    if meeting.method != REPLY:
        event.add("status", "CANCELLED" if meeting.method == CANCEL else "CONFIRMED")
        event.add("transp", "OPAQUE")
    if meeting.organizer is not None:
        event.add("organizer", _line(meeting.organizer, {}), encode=0)
    _add_attendees(event, meeting.attendees, is_asked=meeting.method == REQUEST)
    made.add_component(event)
    return str(made.to_ical(sorted=False).decode("utf-8"))


def _add_attendees(event: Component, attendees: Sequence[Party], *, is_asked: bool) -> None:
    for one in attendees:
        more = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": one.answer}
        event.add("attendee", _line(one, {**more, "RSVP": "TRUE"} if is_asked else more), encode=0)


def _line(one: Party, more: dict[str, str]) -> object:
    from icalendar import vCalAddress

    line = vCalAddress(f"mailto:{one.address}")
    if name := _plain(one.name, 120).replace('"', "'"):
        line.params["CN"] = name
    line.params.update(more)
    return line
