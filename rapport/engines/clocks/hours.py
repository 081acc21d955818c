"""Working hours: which moments count, in a zone with its daylight saving, week by week, without the holidays.

A moment counts when the clock on the wall shows a time inside the hours of that weekday and the day is no holiday. Nothing
else is defined, so that the nights when clocks are put forward or back follow by themselves: an hour that is shown twice
counts twice, one that is never shown does not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Minutes from midnight: first that counts, first that does not.
Span = tuple[int, int]
Moments = tuple[dt.datetime, dt.datetime]
_DAY = 24 * 60
#: A promise that is not reached within so many days is none: a calendar with a single hour a year, or none at all.
MOST_DAYS = 3_700


@dataclass(frozen=True)
class Hours:
    """When somebody works. `week` has the spans of Monday to Sunday, each in order and apart; `holidays` are not worked
    at all, with their names for the explanation."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: Mapping[dt.date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for hours that overlap, run backwards or lie outside of a day."""
        if len(self.week) != 7:
            raise ValueError("A week has seven days.")
        for spans in self.week:
            last = 0
            for start, end in spans:
                if not last <= start < end <= _DAY:
                    raise ValueError(f"{start} to {end} is no span of a day, or not behind the one before.")
                last = end

    def on(self, day: dt.date) -> list[Moments]:
        """The worked stretches of a day, as moments in UTC, in order."""
        if day in self.holidays:
            return []
        return [moments for span in self.week[day.weekday()] for moments in _moments(self.zone, day, span)]

    def day_of(self, at: dt.datetime) -> dt.date:
        """The day that the calendar on the wall shows."""
        return at.astimezone(_zone(self.zone)).date()

    def stretches(self, start: dt.datetime) -> Iterator[Moments]:
        """The worked stretches from a moment on, in order, for some ten years."""
        day = self.day_of(start)
        for _day in range(MOST_DAYS):
            for first, last in self.on(day):
                if last > start:
                    yield max(first, start), last
            day += dt.timedelta(days=1)

    def worked(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much of the time between two moments was worked."""
        total = dt.timedelta()
        for first, last in self.stretches(start):
            if first >= end:
                break
            total += min(last, end) - first
        return total


#: Day and night, every day.
ALWAYS = Hours("UTC", (((0, _DAY),),) * 7)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _moments(zone: str, day: dt.date, span: Span) -> list[Moments]:
    """The moments at which the wall shows a time of the span on the day: one stretch, or two where clocks are put back."""
    found: list[Moments] = []
    for start, end, offset in _stable(zone, day):
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC) - offset
        first = max(start, midnight + dt.timedelta(minutes=span[0]))
        last = min(end, midnight + dt.timedelta(minutes=span[1]))
        if first < last:
            found.append((first, last))
    return found


@lru_cache(maxsize=4_096)
def _stable(zone: str, day: dt.date) -> tuple[tuple[dt.datetime, dt.datetime, dt.timedelta], ...]:
    """The time around a day, parted where the zone's offset changes: (from, to, offset)."""
    place, noon = _zone(zone), dt.datetime.combine(day, dt.time(12), dt.UTC)
    # No zone is further than 14 hours from UTC, so that the whole day lies in between.
    start, end = noon - dt.timedelta(hours=27), noon + dt.timedelta(hours=27)
    parts, at = [], start
    while at < end:
        offset = at.astimezone(place).utcoffset() or dt.timedelta()
        after = _change(place, at, end, offset)
        parts.append((at, after, offset))
        at = after
    return tuple(parts)


def _change(place: ZoneInfo, at: dt.datetime, end: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    """The first moment behind `at` with another offset, `end` when there is none before it."""
    hour = dt.timedelta(hours=1)
    while at < end:
        after = min(at + hour, end)
        if after.astimezone(place).utcoffset() != offset:
            break
        at = after
    else:
        return end
    low, high = at, after  # the offset changes in between: find the second
    while high - low > dt.timedelta(seconds=1):
        middle = low + dt.timedelta(seconds=(high - low) // dt.timedelta(seconds=2))
        if middle.astimezone(place).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
