"""When a rule falls due for a date, in the workspace's time zone, and which dates fall due within a span."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from rapport.engines.followups.plan import Plan

#: What is looked at beyond the span, before the exact test: months differ by three days, a day by its hour at a change of
#: clocks.
_SLACK = {"months": dt.timedelta(days=4)}
_LITTLE = dt.timedelta(hours=3)


@dataclass(frozen=True)
class Occasion:
    """One time a rule falls due for a date; `key` never changes and is what makes it once."""

    key: str
    at: dt.datetime
    on: dt.date


def moved(moment: dt.datetime, amount: int, unit: str) -> dt.datetime:
    """The moment so much later: days, weeks and months by the clock on the wall, hours by the one that never jumps."""
    if unit == "hours":
        return (moment.astimezone(dt.UTC) + dt.timedelta(hours=amount)).astimezone(moment.tzinfo)
    if unit != "months":
        return moment + dt.timedelta(days=amount * (7 if unit == "weeks" else 1))
    year, month = divmod(moment.year * 12 + moment.month - 1 + amount, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def due_at(plan: Plan, value: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """When the rule falls due for a value; a day counts from its first minute."""
    start = value.astimezone(zone) if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time(), zone)
    return moved(start, plan.amount, plan.unit).astimezone(dt.UTC)


def occasions(plan: Plan, value: dt.date, start: dt.datetime, end: dt.datetime, zone: dt.tzinfo) -> list[Occasion]:
    """The occasions of a value after `start` up to `end`."""
    low, high = span(plan, start, end, zone)
    if plan.mode != "yearly":
        day = value.astimezone(zone).date() if isinstance(value, dt.datetime) else value
        if not low.date() <= day <= high.date():
            return []  # also keeps the year 9999 from being moved on
        at = due_at(plan, value, zone)
        key = value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value.isoformat()
        return [Occasion(key[:40], at, day)] if start < at <= end else []
    found = []
    for year in range(max(low.year, value.year + 1), high.year + 1):
        day = kept_on(value, year)
        at = due_at(plan, day, zone)
        if start < at <= end:
            found.append(Occasion(day.isoformat(), at, day))
    return found


def kept_on(day: dt.date, year: int) -> dt.date:
    """The day in another year; 29 February is kept on the 28th where there is none."""
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def span(plan: Plan, start: dt.datetime, end: dt.datetime, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """Between which moments the values lie that may fall due after `start` up to `end`: never too narrow."""
    back, slack = -plan.amount, _SLACK.get(plan.unit, _LITTLE)
    return moved(start.astimezone(zone), back, plan.unit) - slack, moved(end.astimezone(zone), back, plan.unit) + slack


def days_due(plan: Plan, start: dt.datetime, end: dt.datetime, zone: dt.tzinfo) -> list[str]:
    """Month and day of every day that comes round and falls due after `start` up to `end`; a year at most."""
    low, high = span(plan, start, end, zone)
    found: dict[str, None] = {}
    for n in range(min((high.date() - low.date()).days, 370) + 1):
        day = low.date() + dt.timedelta(days=n)
        if start < due_at(plan, day, zone) <= end:
            found[day.strftime("%m-%d")] = None
            if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
                found["02-29"] = None
    return list(found)
