"""Months, quarters and years: where they begin, where they end, how much of them is gone."""

from __future__ import annotations

import datetime as dt

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def first_day(period: str, day: dt.date) -> dt.date:
    """The first day of the period that a day lies in."""
    length = _MONTHS[period]
    return day.replace(month=(day.month - 1) // length * length + 1, day=1)


def last_day(period: str, first: dt.date) -> dt.date:
    """The last day of a period that begins on a day."""
    year, month = divmod(first.year * 12 + first.month - 1 + _MONTHS[period], 12)
    return dt.date(year, month + 1, 1) - dt.timedelta(days=1)


def share_gone(first: dt.date, last: dt.date, today: dt.date) -> int:
    """Percent of a period's days that are gone, today counted."""
    whole = (last - first).days + 1
    return max(0, min(100, round(100 * ((today - first).days + 1) / whole)))
