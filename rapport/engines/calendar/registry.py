"""Which record types stand in calendars, and by which of their fields. Modules say so; nothing here knows a meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class InCalendar:
    """How the records of one type stand in a calendar."""

    type: str
    #: The field that says when: a point in time, or a day.
    at: str
    #: With a day in `at`: the field with the time of day.
    clock: str = ""
    #: With a point in time: the field with the length in minutes.
    minutes: str = ""
    #: How long an entry is drawn that does not say its length.
    usual_minutes: int = 30
    #: Values of the field `kind` that stand in calendars; empty for all.
    kinds: tuple[str, ...] = ()
    #: (field, value) of entries that are over and done with.
    done: tuple[str, str] | None = None
    #: The actions that end an entry and open it again, by their keys.
    ticking: tuple[str, str] | None = None
    #: The reference shown beside the title, and the field with the long text.
    about: str = ""
    text: str = ""
    #: The field that says where; without one the place stands before the text.
    place: str = ""
    #: Lucide icon by the value of `kind`; "" is for every other.
    icons: Mapping[str, str] = field(default_factory=dict)
    #: What a new entry made in the calendar starts with; None when none can be made there.
    new: Mapping[str, str] | None = None
    #: (type, its reference to the entry, its reference to a person): who takes part.
    people: tuple[str, str, str] | None = None

    @property
    def info(self) -> TypeInfo:
        """The record type."""
        return registry.get(self.type)

    @property
    def is_dated(self) -> bool:
        """Whether `at` is a mere day (a task); else it is a point in time (an event)."""
        return self.info.fields[self.at].kind.key == "date"


_declared: dict[str, InCalendar] = {}


def in_calendar(declared: InCalendar) -> InCalendar:
    """Declare that records of a type stand in calendars; one declaration for each type."""
    if declared.type in _declared:
        raise RuntimeError(f"The type {declared.type!r} stands in calendars already.")
    _declared[declared.type] = declared
    return declared


def calendar_types() -> list[InCalendar]:
    """All of them, in the order of their declaration."""
    return list(_declared.values())


def calendar_type(key: str) -> InCalendar | None:
    """How a type stands in calendars; None for a type that does not."""
    return _declared.get(key)
