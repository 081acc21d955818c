"""The calendar as its page draws it: columns of days with entries side by side, weeks of a month, days of an agenda."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.calendar.lanes import Placed, place
from rapport.engines.calendar.reading import Event
from rapport.engines.calendar.registry import calendar_types
from rapport.kernel import format as shown_as
from rapport.surfaces.web.calendar_state import CalendarState

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Entries that the cell of a month shows before "2 more".
_IN_CELL = 4


@dataclass(frozen=True)
class Entry:
    """One entry as it stands on one day."""

    event: Event
    #: "9:00 – 10:00", or "" for whole days.
    time: str
    starts: str
    hue: int
    owner: str
    #: The classes that put it in its place in the column of a day.
    place: str = ""
    is_short: bool = False
    is_past: bool = False
    begins_here: bool = True

    @property
    def start_text(self) -> str:
        """When it starts, for the script: a day, or a day and the time on the clock."""
        start = self.event.start
        return start.date().isoformat() if self.event.is_all_day else start.strftime("%Y-%m-%dT%H:%M")


@dataclass
class Day:
    """One day."""

    day: dt.date
    weekday: str
    title: str
    is_today: bool
    is_other_month: bool = False
    whole: list[Entry] = field(default_factory=list)
    timed: list[Entry] = field(default_factory=list)
    now: str = ""

    @property
    def entries(self) -> list[Entry]:
        """Whole days first, then by time."""
        return [*self.whole, *self.timed]

    @property
    def shown(self) -> list[Entry]:
        """What the cell of a month has room for."""
        every = self.entries
        return every if len(every) <= _IN_CELL else every[: _IN_CELL - 1]

    @property
    def more(self) -> int:
        """How many more there are."""
        return len(self.entries) - len(self.shown)


def days_of(ctx: Context, state: CalendarState, events: Sequence[Event], names: dict[UUID, str]) -> list[Day]:
    """The days of a view with what stands on them."""
    locale = shown_as.locale_of(ctx.format.language, ctx.format.country)
    words = locale.days["stand-alone"]["abbreviated"]
    by_day: dict[dt.date, list[Event]] = {day: [] for day in state.days}
    for event in events:
        for day in _days(event, state):
            by_day[day].append(event)
    now = ctx.format.now.astimezone(ctx.format.zone)
    found = []
    for day, some in by_day.items():
        one = Day(
            day, words[day.weekday()], shown_as.full_date(day, ctx.format), day == now.date(),
            state.view == "month" and day.month != state.day.month,
        )  # fmt: skip
        one.whole = [_entry(ctx, state, event, names, day) for event in some if event.is_all_day]
        placed = place(some, day)
        one.timed = [_entry(ctx, state, item.event, names, day, item) for item in placed]
        one.now = at_minute(now.hour * 60 + now.minute) if one.is_today else ""
        found.append(one)
    return found


def _days(event: Event, state: CalendarState) -> list[dt.date]:
    first, last = max(event.first_day, state.first), min(event.last_day, state.until - dt.timedelta(days=1))
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _entry(
    ctx: Context, state: CalendarState, event: Event, names: dict[UUID, str], day: dt.date, placed: Placed | None = None
) -> Entry:
    is_team = len(state.owners) > 1
    hue = state.owners.index(event.owner) + 1 if is_team and event.owner in state.owners else _hue(event)
    starts = "" if event.is_all_day else shown_as.clock(event.start.time(), ctx.format)
    time = ""
    if starts:
        time = f"{starts} – {shown_as.clock(event.end.time(), ctx.format)}" if event.has_length else starts
    return Entry(
        event, time, starts, hue, names.get(event.owner, "") if is_team and event.owner else "",
        _classes(placed) if placed else "", bool(placed and placed.end - placed.start < 45),
        event.end < ctx.format.now, placed.begins_here if placed else event.first_day == day,
    )  # fmt: skip


def _hue(event: Event) -> int:
    """A colour for each kind of entry, in the order of their declarations."""
    kinds = [(one.type, kind) for one in calendar_types() for kind in (one.kinds or ("",))]
    for at, (type_key, kind) in enumerate(kinds):
        if event.type == type_key and kind in ("", event.kind):
            return at % 8 + 1
    return 8


def _classes(placed: Placed) -> str:
    return f"{at_minute(placed.start)} {long(placed.end - placed.start)} ln-{placed.lane} of-{placed.lanes}"


def at_minute(minute: int) -> str:
    """The classes of a place in the column of a day; to five minutes, which is four points on the screen."""
    hours, minutes = divmod(round(minute / 5) * 5, 60)
    return f"ch-{hours} cm-{minutes}"


def long(minutes: int) -> str:
    """The classes of a length."""
    hours, rest = divmod(max(5, round(minutes / 5) * 5), 60)
    return f"dh-{hours} dm-{rest}"
