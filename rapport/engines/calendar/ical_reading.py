"""Reading a calendar file (RFC 5545): events and to-dos as plain values, recurring ones spelled out within a bound.

A file comes from anywhere: its size and the number of its parts are bounded, and what cannot be read is counted, not
guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

if TYPE_CHECKING:
    from icalendar import Calendar, Component

LARGEST = 2 * 1024 * 1024
MOST_PARTS = 5_000
#: Recurring events are spelled out from so long ago to so far ahead, at most so many times each.
BACK, AHEAD, MOST_TIMES = dt.timedelta(days=30), dt.timedelta(days=180), 100
#: Rules that begin earlier than this would be walked for too long.
_OLDEST = dt.timedelta(days=30 * 366)
_LONGEST_RULE = 500
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
#: What reading a broken file may raise.
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Item:
    """One event or to-do of a file; `start` is a day or a moment with its zone."""

    uid: str
    is_todo: bool
    title: str
    start: dt.date
    minutes: int | None = None
    text: str = ""
    place: str = ""
    is_done: bool = False
    #: Which one of a recurring event it is: its original start; "" for a single one.
    occurrence: str = ""
    emails: tuple[str, ...] = ()


@dataclass
class ReadFile:
    """What a file holds, and what of it was left out."""

    items: list[Item] = field(default_factory=list)
    #: How many events recur, and up to which day they were spelled out.
    recurring: int = 0
    until: dt.date | None = None
    #: How many could not be read, were called off, or have no time.
    broken: int = 0
    cancelled: int = 0
    timeless: int = 0


def read_file(data: bytes, zone: ZoneInfo, today: dt.date) -> ReadFile:
    """The events and to-dos of a calendar file; raises Invalid with one sentence for a file that is none."""
    if len(data) > LARGEST:
        raise Invalid(_("This calendar file is larger than 2 MB; export a shorter time."), code="too_large", field="file")
    calendars = _parsed(data)
    parts = [part for calendar in calendars for part in calendar.walk() if part.name in ("VEVENT", "VTODO")]
    if len(parts) > MOST_PARTS:
        raise Invalid(
            _("This calendar file holds more than %(most)d entries; export a shorter time.") % {"most": MOST_PARTS},
            code="too_many", field="file",
        )  # fmt: skip
    found = ReadFile()
    moved = _moved(parts, zone)
    for part in parts:
        try:
            found.items += _items(part, zone, today, found, moved)
        except _BROKEN:
            found.broken += 1
    found.items.sort(key=lambda item: (str(item.start), item.title))
    return found


def _parsed(data: bytes) -> list[Calendar]:
    # Read when it is needed: the library takes a tenth of a second, which every start of Rapport would pay.
    from icalendar import Calendar

    try:
        calendars = [one for one in Calendar.from_ical(data, multiple=True) if one.name == "VCALENDAR"]
    except _BROKEN:
        calendars = []
    if not calendars:
        raise Invalid(
            _("This is not a calendar file. Export it again as iCalendar (.ics) and choose that file."),
            code="no_calendar", field="file",
        )  # fmt: skip
    return calendars


def _moved(parts: list[Component], zone: ZoneInfo) -> set[tuple[str, str]]:
    """Occurrences of recurring events that the file gives by themselves, moved or called off."""
    found = set()
    for part in parts:
        if "RECURRENCE-ID" in part:
            try:
                found.add((str(part["UID"]), _mark(part["RECURRENCE-ID"].dt, zone)))
            except _BROKEN:
                continue
    return found


def _items(part: Component, zone: ZoneInfo, today: dt.date, found: ReadFile, moved: set[tuple[str, str]]) -> Iterator[Item]:
    if str(part.get("STATUS", "")).upper() == "CANCELLED":
        found.cancelled += 1
        return
    one = _item(part, zone)
    if one is None:
        found.timeless += 1
        return
    if "RRULE" not in part or one.is_todo:
        yield one
        return
    found.recurring += 1
    found.until = today + AHEAD
    for start in _occurrences(part, one.start, zone, today):
        mark = _mark(start, zone)
        if (one.uid, mark) not in moved:
            yield replace(one, start=start, occurrence=mark)


def _item(part: Component, zone: ZoneInfo) -> Item | None:
    is_todo = part.name == "VTODO"
    given = part.get("DUE") if is_todo else part.get("DTSTART")
    given = given or part.get("DTSTART")
    if given is None:
        return None
    start = _zoned(given.dt, zone)
    emails = part.get("ATTENDEE", [])
    people = [str(one).lower().removeprefix("mailto:").strip() for one in (emails if isinstance(emails, list) else [emails])]
    title = " ".join(str(part.get("SUMMARY", "")).split())[:200]
    return Item(
        uid=str(part.get("UID", "")) or f"{title}@{start}", is_todo=is_todo, title=title or _("Without a title"), start=start,
        minutes=None if is_todo else _minutes(part, start, zone), text=str(part.get("DESCRIPTION", "")).strip()[:20_000],
        place=" ".join(str(part.get("LOCATION", "")).split())[:200],
        is_done=str(part.get("STATUS", "")).upper() == "COMPLETED", emails=tuple(one for one in people if "@" in one)[:50],
        occurrence=_mark(part["RECURRENCE-ID"].dt, zone) if "RECURRENCE-ID" in part else "",
    )  # fmt: skip


def _minutes(part: Component, start: dt.date, zone: ZoneInfo) -> int | None:
    """The length of an event; whole days from midnight to midnight in the reader's zone."""
    if "DTEND" in part:
        end = _zoned(part["DTEND"].dt, zone)
    elif "DURATION" in part:
        end = start + part["DURATION"].dt
    else:
        end = start if isinstance(start, dt.datetime) else start + dt.timedelta(days=1)
    length = (as_moment(end, zone) - as_moment(start, zone)).total_seconds()
    return min(round(length / 60), 14 * 24 * 60) if length > 0 else None


def as_moment(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    """A day as its midnight in a zone; a moment as it is."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC)
    return dt.datetime.combine(value, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _zoned(value: object, zone: ZoneInfo) -> dt.date:
    """A time without a zone is one of the reader's own. Raises TypeError for what is no time."""
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if not isinstance(value, dt.date):
        raise TypeError
    return value


def _mark(value: dt.date, zone: ZoneInfo) -> str:
    zoned = _zoned(value, zone)
    return zoned.astimezone(dt.UTC).strftime("%Y%m%dT%H%MZ") if isinstance(zoned, dt.datetime) else zoned.strftime("%Y%m%d")


def _occurrences(part: Component, start: dt.date, zone: ZoneInfo, today: dt.date) -> list[dt.date]:
    """The starts of a recurring event within the bound, by the clock of its own zone: ten stays ten in summer. Raises
    ValueError for a rule that is too fine, too old or none."""
    rule = part["RRULE"]
    tz = start.tzinfo if isinstance(start, dt.datetime) else None
    first = _wall(start)
    frequency = [str(one).upper() for one in rule.get("FREQ", [])]
    if isinstance(rule, list) or len(frequency) != 1 or frequency[0] not in _FREQUENCIES:
        raise ValueError
    if any(int(one) < 1 for one in rule.get("INTERVAL", [])) or first < dt.datetime.combine(today - _OLDEST, dt.time()):
        raise ValueError
    low, high = dt.datetime.combine(today - BACK, dt.time()), dt.datetime.combine(today + AHEAD, dt.time())
    until = min([high, *[_wall(one, tz) for one in rule.get("UNTIL", [])]])
    text = ";".join(one for one in rule.to_ical().decode().split(";") if not one.upper().startswith("UNTIL"))
    if len(text) > _LONGEST_RULE:
        raise ValueError
    # COUNT and UNTIL exclude each other in a rule; where it counts, the walk ends at the bound by itself.
    if "COUNT" not in text.upper():
        text += until.strftime(";UNTIL=%Y%m%dT%H%M%S")
    skipped = {_wall(one.dt, tz) for some in _listed(part, "EXDATE") for one in some.dts}
    walked = islice(rrulestr(text, dtstart=first, ignoretz=True), 20_000)
    starts = [at for at in _until(walked, until) if at >= low and at not in skipped][:MOST_TIMES]
    return [at.replace(tzinfo=tz) if isinstance(start, dt.datetime) else at.date() for at in starts]


def _until(walked: Iterator[dt.datetime], until: dt.datetime) -> Iterator[dt.datetime]:
    for at in walked:
        if at > until:
            return
        yield at


def _listed(part: Component, name: str) -> list:
    found = part.get(name, [])
    return found if isinstance(found, list) else [found]


def _wall(value: dt.date, tz: dt.tzinfo | None = None) -> dt.datetime:
    """What the clock of a zone shows, without the zone."""
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return (value.astimezone(tz) if tz and value.tzinfo else value).replace(tzinfo=None)
