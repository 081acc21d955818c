"""Which times are free: a pure function of the hours, what stands in the calendar, and the rules of the page.

A meeting lies wholly within one stretch of a day's hours, begins at a step counted from the start of that stretch, and keeps the
minutes before and after it free of everything else. Time is counted as it passes, so the days on which clocks change need no
rule of their own: an hour that is shown twice can be booked twice, one that is skipped not at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapport.engines.clocks.hours import Hours, Moments

#: Times are offered every half hour; closer where meetings are shorter.
_STEP = 30


@dataclass(frozen=True)
class Rules:
    """What a free time has to keep to."""

    hours: Hours
    minutes: int
    before: int = 0
    after: int = 0
    #: The first and the last moment at which a meeting may begin.
    earliest: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    latest: dt.datetime = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
    #: Bookings a day; 0 is as many as there is room for.
    most_a_day: int = 0

    @property
    def step(self) -> int:
        """Minutes from one time that is offered to the next."""
        return min(self.minutes, _STEP)


def free_slots(
    rules: Rules, first: dt.date, last: dt.date, busy: Sequence[Moments], booked: Mapping[dt.date, int]
) -> list[dt.datetime]:
    """The moments at which a meeting can begin, from the first to the last day by the calendar of the hours' zone."""
    taken = _joined(busy)
    length, step = dt.timedelta(minutes=rules.minutes), dt.timedelta(minutes=rules.step)
    before, after = dt.timedelta(minutes=rules.before), dt.timedelta(minutes=rules.after)
    found: list[dt.datetime] = []
    day = first
    while day <= last:
        if not rules.most_a_day or booked.get(day, 0) < rules.most_a_day:
            for start, end in _joined(rules.hours.on(day)):
                at = start
                while at + length <= end:
                    if rules.earliest <= at <= rules.latest and _is_free(taken, at - before, at + length + after):
                        found.append(at)
                    at += step
        day += dt.timedelta(days=1)
    return sorted(set(found))


def _joined(busy: Sequence[Moments]) -> list[Moments]:
    """Busy times in order, those that touch or overlap as one."""
    found: list[Moments] = []
    for start, end in sorted(busy):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def _is_free(taken: Sequence[Moments], start: dt.datetime, end: dt.datetime) -> bool:
    return not any(first < end and last > start for first, last in taken)
