"""Giving an entry another time or length, through the write door and with the version the mover had seen."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.calendar.registry import InCalendar
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.datetime import day_bounds, in_zone

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_LONGEST = 14 * 24 * 60


def move(
    ctx: Context, declared: InCalendar, record: Record, *, day: dt.date, clock: dt.time | None = None,
    minutes: int | None = None, whole_days: int = 0, version: int | None = None,
) -> Record:  # fmt: skip
    """Move to a day; with `clock` to that time of day, with `whole_days` to as many days from midnight to midnight;
    else the time of day stays. Raises Invalid for a time or a length that cannot be, and what the door raises."""
    if minutes is not None and not 0 < minutes <= _LONGEST:
        raise Invalid(_("Give a length between one minute and fourteen days."), code="bad_length")
    if declared.is_dated:
        values = _dated(declared, day, clock, whole_days)
    else:
        values = _timed(ctx, declared, record, day, clock, whole_days)
    if minutes is not None and declared.minutes and not whole_days:
        values[declared.minutes] = minutes
    return ctx.write(record, expected_version=version, **values)


def _dated(declared: InCalendar, day: dt.date, clock: dt.time | None, whole_days: int) -> dict[str, object]:
    values: dict[str, object] = {declared.at: day}
    if declared.clock and (clock is not None or whole_days):
        values[declared.clock] = clock
    return values


def _timed(
    ctx: Context, declared: InCalendar, record: Record, day: dt.date, clock: dt.time | None, whole_days: int
) -> dict[str, object]:
    zone = ctx.format.zone
    if whole_days and declared.minutes:
        start = day_bounds(day, zone)[0]
        end = day_bounds(day + dt.timedelta(days=min(whole_days, 14)), zone)[0]
        return {declared.at: start, declared.minutes: round((end - start).total_seconds() / 60)}
    if clock is None:
        now = read_value(record, declared.info.fields[declared.at])
        clock = now.astimezone(zone).time() if isinstance(now, dt.datetime) else dt.time(9)
    return {declared.at: in_zone(dt.datetime.combine(day, clock), zone)}
