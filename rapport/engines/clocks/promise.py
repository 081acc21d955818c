"""When a promise is due: a pure function of what happened, the working hours and how long was promised.

The clock begins when the promise is made, counts worked time only, and stands still while the other side is waited for.
Whoever changes hours, holidays or the promised time gets other answers from the same events: nothing is stored that could
grow wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapport.engines.clocks.hours import Hours, Moments


class State(StrEnum):
    """How a promise stands."""

    RUNNING = "running"
    PAUSED = "paused"
    KEPT = "kept"
    BROKEN = "broken"
    #: Kept, but too late.
    LATE = "late"


class Event(StrEnum):
    """What makes the clock go."""

    BEGUN = "begun"
    #: The other side has to answer first.
    WAITING = "waiting"
    RESUMED = "resumed"
    #: What was promised has happened.
    DONE = "done"
    #: It turned out not to have: the clock goes on where it stood.
    REOPENED = "reopened"


@dataclass(frozen=True)
class Because:
    """Why it is due then, as figures for one sentence."""

    begun_at: dt.datetime
    promised: dt.timedelta
    #: How long it was waited for the other side, by the clock on the wall.
    waited: dt.timedelta
    #: Names of the holidays in between, in order.
    holidays: tuple[str, ...]


@dataclass(frozen=True)
class Promise:
    """How a promise stands at a moment. Without `due_at` (paused, or never reached by these hours) it is not due."""

    state: State
    due_at: dt.datetime | None
    #: Worked time left; negative when broken. Of a kept promise, what was left then.
    left: dt.timedelta
    done_at: dt.datetime | None
    because: Because


def stand(events: Sequence[tuple[dt.datetime, Event]], promised: dt.timedelta, hours: Hours, now: dt.datetime) -> Promise:
    """How a promise of so much worked time stands.

    `events` are in order of time and begin with BEGUN; those behind `now` are not looked at. Events that change nothing (a
    second WAITING) are no mistake. Raises ValueError for events without a beginning.
    """
    seen = [(at, event) for at, event in events if at <= now]
    if not seen or seen[0][1] is not Event.BEGUN:
        raise ValueError("A promise begins with BEGUN.")
    begun = seen[0][0]
    counted, done_at = _counted(seen, now)
    is_done, is_paused = done_at is not None, bool(done_at is None and _is_waiting(seen))
    used = sum((hours.worked(start, end) for start, end in counted), dt.timedelta())
    left = promised - used
    due = _due(counted, promised, hours, is_open=not is_done and not is_paused)
    state = _state(left, is_done=is_done, is_paused=is_paused, is_due=due is not None and due <= now)
    until = done_at or due or now
    waited = _waited(seen, until)
    return Promise(state, due, left, done_at, Because(begun, promised, waited, _holidays(hours, begun, until)))


def _state(left: dt.timedelta, *, is_done: bool, is_paused: bool, is_due: bool) -> State:
    # At the moment it is due it is still kept by what is done then, and broken by what is not.
    if is_done:
        return State.KEPT if left >= dt.timedelta() else State.LATE
    if left < dt.timedelta() or is_due:
        return State.BROKEN
    return State.PAUSED if is_paused else State.RUNNING


def _counted(seen: Sequence[tuple[dt.datetime, Event]], now: dt.datetime) -> tuple[list[Moments], dt.datetime | None]:
    """The stretches during which the clock went, and when it was done (None while it is not)."""
    stretches: list[Moments] = []
    going: dt.datetime | None = None
    is_waiting, done_at = False, None
    for at, event in seen:
        if event is Event.WAITING:
            is_waiting = True
        elif event is Event.RESUMED:
            is_waiting = False
        elif event is Event.DONE:
            done_at = done_at or at
        elif event is Event.REOPENED:
            done_at, is_waiting = None, False
        goes = not is_waiting and done_at is None
        if goes and going is None:
            going = at
        elif not goes and going is not None:
            stretches.append((going, at))
            going = None
    if going is not None:
        stretches.append((going, now))
    return stretches, done_at


def _is_waiting(seen: Sequence[tuple[dt.datetime, Event]]) -> bool:
    last = next((event for _at, event in reversed(seen) if event in (Event.WAITING, Event.RESUMED, Event.REOPENED)), None)
    return last is Event.WAITING


def _due(counted: Sequence[Moments], promised: dt.timedelta, hours: Hours, *, is_open: bool) -> dt.datetime | None:
    """When the promised time was used up, or will be when nothing more happens; None when the clock stands before that."""
    left = promised
    for number, (start, end) in enumerate(counted):
        is_last = number == len(counted) - 1
        for first, last in hours.stretches(start):
            if first >= end and not (is_open and is_last):
                break
            until = last if is_open and is_last else min(last, end)
            if until - first >= left:
                return first + left
            left -= until - first
    return None


def _waited(seen: Sequence[tuple[dt.datetime, Event]], until: dt.datetime) -> dt.timedelta:
    total, since = dt.timedelta(), None
    for at, event in seen:
        if event is Event.WAITING and since is None:
            since = at
        elif event in (Event.RESUMED, Event.REOPENED, Event.DONE) and since is not None:
            total, since = total + (at - since), None
    return total + (max(until - since, dt.timedelta()) if since is not None else dt.timedelta())


def _holidays(hours: Hours, start: dt.datetime, end: dt.datetime) -> tuple[str, ...]:
    """Holidays in between that fell on days with hours."""
    first, last = hours.day_of(start), hours.day_of(end)
    return tuple(
        name for day, name in sorted(hours.holidays.items()) if first <= day <= last and hours.week[day.weekday()]
    )
