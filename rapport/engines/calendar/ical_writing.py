"""A person's calendar as a calendar file (RFC 5545): what they may see today, with ids that stay."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.calendar.reading import Event, read_events

if TYPE_CHECKING:
    from icalendar import Calendar, Component

    from rapport.kernel.context import Context

#: How much of the past and of the future goes out, and how many entries of one type.
PAST, AHEAD = dt.timedelta(days=90), dt.timedelta(days=400)
MOST = 2_000
#: What ids end in; files that come back are known by it.
UID_END = "@rapport"
_LONGEST_TEXT = 2_000
#: What is kept with an entry as it came.
_KEPT = ("TRANSP", "CLASS")
_MOST_ALARMS = 10


def uid_of(type_key: str, record_id: UUID) -> str:
    """The id of an entry in calendar files, the same for ever."""
    return f"{type_key}-{record_id}{UID_END}"


def write_calendar(ctx: Context, *, base_url: str, tasks_as_events: bool = False) -> bytes:
    """The viewer's own entries as a file. The same entries give the same bytes, so that a fingerprint can tell."""
    # Read when it is needed: the library takes a tenth of a second, which every start of Rapport would pay.
    from icalendar import Calendar

    assert ctx.viewer.user_id is not None
    today = ctx.format.today
    events = read_events(ctx, today - PAST, today + AHEAD, [ctx.viewer.user_id], most=MOST, in_full=True)
    made = Calendar()
    made.add("prodid", "-//Rapport//Calendar//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("x-wr-calname", f"{ctx.workspace.name}: {ctx.viewer.name}")
    made.add("x-published-ttl", "PT1H")
    for event in events.found:
        made.add_component(component(event, base_url, tasks_as_events=tasks_as_events))
    return _bytes(made)


def write_entry(event: Event, base_url: str, kept: Component | None = None) -> bytes:
    """One entry as a file by itself, for a program that may send it back: whom it is about stands apart from the text.

    `kept` is what that program has with the entry and Rapport has not (see kept_of).
    """
    from icalendar import Calendar

    made = Calendar()
    made.add("prodid", "-//Rapport//Calendar//EN")
    made.add("version", "2.0")
    one = component(event, base_url, about_apart=True)
    if kept is not None:
        for name in _KEPT:
            if name in kept:
                one.pop(name, None)
                one.add(name, str(kept[name]))
        for part in kept.subcomponents:
            one.add_component(part)
    made.add_component(one)
    return _bytes(made)


def kept_of(part: Component) -> Component:
    """What is kept of an entry that a program sends beside what Rapport has fields for: reminders, and whether it
    is busy time. No words of its writer, so that nothing here knows of anybody."""
    from icalendar import Alarm, Event

    kept: Component = Event()
    for name in _KEPT:
        if name in part:
            kept.add(name, str(part[name])[:40])
    for alarm in [one for one in part.subcomponents if one.name == "VALARM"][:_MOST_ALARMS]:
        if str(alarm.get("ACTION", "")).upper() not in ("DISPLAY", "AUDIO") or "TRIGGER" not in alarm:
            continue
        copy = Alarm()
        copy.add("action", "DISPLAY")
        copy.add("description", "Reminder")
        for name in ("TRIGGER", "REPEAT", "DURATION"):
            if name in alarm:
                copy.add(name, alarm[name], encode=False)
        kept.add_component(copy)
    return kept


def component(event: Event, base_url: str, *, tasks_as_events: bool = False, about_apart: bool = False) -> Component:
    """An entry as VEVENT or VTODO; with `about_apart` its customer stands in CONTACT and not before the text."""
    from icalendar import Event as CalendarEvent
    from icalendar import Todo

    is_todo = event.is_dated and not tasks_as_events
    made: Component = Todo() if is_todo else CalendarEvent()
    made.add("uid", uid_of(event.type, event.id))
    made.add("dtstamp", event.changed_at.astimezone(dt.UTC))
    made.add("last-modified", event.changed_at.astimezone(dt.UTC))
    made.add("sequence", event.version - 1)
    made.add("summary", event.title)
    start: dt.date = event.first_day if event.is_all_day else event.start.astimezone(dt.UTC)
    if is_todo:
        made.add("due", start)
        made.add("status", "COMPLETED" if event.is_done else "NEEDS-ACTION")
    else:
        made.add("dtstart", start)
        made.add("dtend", event.end.date() if event.is_all_day else event.end.astimezone(dt.UTC))
        if event.is_dated:
            made.add("transp", "TRANSPARENT")
    text = event.text if about_apart else "\n\n".join(part for part in (event.about, event.text[:_LONGEST_TEXT]) if part)
    if about_apart and event.about:
        made.add("contact", event.about)
    if event.place:
        made.add("location", event.place)
    if text:
        made.add("description", text)
    made.add("url", base_url + event.url)
    return made


def _bytes(made: Calendar) -> bytes:
    return made.to_ical(sorted=False)
