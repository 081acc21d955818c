"""Where entries stand in the column of a day: from when to when, and beside which others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from rapport.engines.calendar.reading import Event

#: Columns side by side at most; what overlaps with more stands over the last.
MOST_LANES = 8
#: No entry is drawn shorter: its title must be readable.
SHORTEST = 25
_DAY = 24 * 60


@dataclass(frozen=True)
class Placed:
    """An entry in one day's column; minutes since midnight as the clock on the wall shows them."""

    event: Event
    start: int
    end: int
    lane: int
    lanes: int
    begins_here: bool
    ends_here: bool


def place(events: Iterable[Event], day: dt.date) -> list[Placed]:
    """The timed entries that touch a day, overlapping ones side by side."""
    spans = [(e, *_minutes(e, day)) for e in events if not e.is_all_day and e.first_day <= day <= e.last_day]
    spans.sort(key=lambda one: (one[1], -one[2], one[0].id))
    placed: list[Placed] = []
    group: list[tuple[Event, int, int, int]] = []
    ends: list[int] = []
    for event, start, end in spans:
        if ends and start >= max(ends):
            placed += _closed(group, len(ends), day)
            group, ends = [], []
        lane = next((at for at, busy in enumerate(ends) if busy <= start), len(ends))
        if lane < len(ends):
            ends[lane] = end
        elif lane < MOST_LANES:
            ends.append(end)
        else:
            lane = MOST_LANES - 1
            ends[lane] = max(ends[lane], end)
        group.append((event, start, end, lane))
    return placed + _closed(group, len(ends), day)


def _closed(group: list[tuple[Event, int, int, int]], lanes: int, day: dt.date) -> list[Placed]:
    """A group of entries that overlap shares the width."""
    return [Placed(e, start, end, lane, lanes, e.first_day == day, e.last_day == day) for e, start, end, lane in group]


def _minutes(event: Event, day: dt.date) -> tuple[int, int]:
    start = event.start.hour * 60 + event.start.minute if event.first_day == day else 0
    end = event.end.hour * 60 + event.end.minute if event.last_day == day and event.end.date() == day else _DAY
    if event.first_day == day and end <= start:  # the clocks went back in between
        end = start + event.minutes
    # Late in the evening the least height pushes the start up, so that the entry stays in its day.
    start = min(start, _DAY - SHORTEST)
    return start, min(max(end, start + SHORTEST), _DAY)
