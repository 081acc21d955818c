"""Boot checks: a declaration that names what is not there stops the start, never a click later on."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, register

from rapport.engines.calendar.registry import InCalendar, calendar_types
from rapport.kernel.records.registry import registry


@register
def check_calendar(app_configs: object = None, **kwargs: object) -> list[CheckMessage]:
    """All errors in what modules said about calendars."""
    return [
        Error(sentence, hint="See the module's calendar.py.", id="rapport.E030")
        for one in calendar_types()
        for sentence in wrong_with(one)
    ]


def wrong_with(one: InCalendar) -> Iterator[str]:
    """What is wrong with one declaration."""
    if one.type not in registry:
        yield f"There is no record type {one.type!r} to stand in calendars."
        return
    fields = one.info.fields
    named = {"at": one.at, "clock": one.clock, "minutes": one.minutes, "about": one.about, "text": one.text, "place": one.place}
    named |= {"kinds": "kind" if one.kinds else "", "done": one.done[0] if one.done else ""}
    for word, key in named.items():
        if key and key not in fields:
            yield f"{one.type} in calendars: {word} names {key!r}, which is no field."
    if one.at in fields and fields[one.at].kind.key not in ("date", "datetime"):
        yield f"{one.type} in calendars: at must be a day or a point in time."
    for key in one.new or {}:
        if key not in fields:
            yield f"{one.type} in calendars: new sets {key!r}, which is no field."
    if one.people:
        key, *references = one.people
        if key not in registry or any(name not in registry.get(key).fields for name in references):
            yield f"{one.type} in calendars: people names what is not there."
