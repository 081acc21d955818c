"""What the address of the calendar says: the view, the day, whose entries; and the addresses of other views."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_interval, format_skeleton
from django.http import QueryDict

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

VIEWS = ("month", "week", "day", "agenda")
#: People side by side at most: there are so many colours that can be told apart.
MOST_PEOPLE = 8
AGENDA_DAYS = 14
ADDRESS = "/calendar"
#: No calendar leads further than this; sums of dates must not run over.
_FIRST, _LAST = dt.date(1970, 1, 1), dt.date(2200, 12, 31)


@dataclass(frozen=True)
class Colleague:
    """Somebody whose calendar may be laid over; `hue` is 1 to 8, 0 for somebody who is not chosen."""

    id: UUID
    name: str
    hue: int
    in_team: bool


@dataclass(frozen=True)
class CalendarState:
    """One view of the calendar."""

    view: str
    day: dt.date
    #: Whose entries; the viewer's own first.
    owners: tuple[UUID, ...]
    #: As it stands in the address; "" is the viewer alone.
    who: str
    first: dt.date
    until: dt.date
    week_start: int

    @property
    def address(self) -> str:
        """The address of this view."""
        return self.at()

    def at(self, *, view: str = "", day: dt.date | None = None) -> str:
        """The address of another view or day with the same people."""
        parts = {"view": view or self.view, "date": (day or self.day).isoformat()}
        return f"{ADDRESS}?{urlencode({**parts, **({'who': self.who} if self.who else {})})}"

    @property
    def days(self) -> list[dt.date]:
        """The days shown."""
        return [self.first + dt.timedelta(days=n) for n in range((self.until - self.first).days)]

    def step(self, by: int) -> str:
        """The address of the view before (-1) or after (1)."""
        if self.view == "month":
            at = self.day.year * 12 + self.day.month - 1 + by
            return self.at(day=_held(dt.date(at // 12, at % 12 + 1, 1)))
        length = {"day": 1, "week": 7}.get(self.view, AGENDA_DAYS)
        return self.at(day=_held(self.day + dt.timedelta(days=by * length)))


def _held(day: dt.date) -> dt.date:
    return min(max(day, _FIRST), _LAST)


def read_state(ctx: Context, given: QueryDict) -> CalendarState:
    """The state of an address; what it says wrong falls back to the week of today and the viewer alone."""
    view = given.get("view", "")
    try:
        day = _held(dt.date.fromisoformat(given.get("date", "")))
    except ValueError:
        day = ctx.format.today
    start = shown_as.locale_of(ctx.format.language, ctx.format.country).first_week_day
    view = view if view in VIEWS else "week"
    owners, who = _owners(ctx, given.getlist("who"))
    return CalendarState(view, day, owners, who, *_range(view, day, start), start)


def _range(view: str, day: dt.date, week_start: int) -> tuple[dt.date, dt.date]:
    if view == "day":
        return day, day + dt.timedelta(days=1)
    if view == "agenda":
        return day, day + dt.timedelta(days=AGENDA_DAYS)
    if view == "week":
        first = _week_of(day, week_start)
        return first, first + dt.timedelta(days=7)
    first = _week_of(day.replace(day=1), week_start)
    last = (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return first, _week_of(last, week_start) + dt.timedelta(days=7)


def _week_of(day: dt.date, week_start: int) -> dt.date:
    return day - dt.timedelta(days=(day.weekday() - week_start) % 7)


def _owners(ctx: Context, given: Sequence[str]) -> tuple[tuple[UUID, ...], str]:
    """The chosen people whom the viewer may see. "me" and "team" are words; the viewer alone needs none."""
    me, words = ctx.viewer.user_id, ",".join(given)[:800].split(",")
    asked = [one for word in words if (one := as_id(word)) is not None]
    people = gate.visible(ctx, registry.get("user")).filter(deleted_at=None)
    found: list[UUID] = [me] if me and ("me" in words or me in asked) else []
    if "team" in words and ctx.viewer.team_id:
        team = people.filter(team_id=ctx.viewer.team_id, is_active=True).exclude(pk=me)
        found = ([me] if me else []) + list(team.order_by("title_key", "pk").values_list("pk", flat=True)[:MOST_PEOPLE])
    others = [one for one in asked if one != me and one not in found][:MOST_PEOPLE]
    seen = set(people.filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    found = [*found, *[one for one in others if one in seen]][:MOST_PEOPLE]
    if not found:
        return ((me,) if me else ()), ""
    if found == [me]:
        return (me,), ""
    return tuple(found), "team" if "team" in words and not others else ",".join(str(one) for one in found)


def colleagues(ctx: Context, state: CalendarState) -> list[Colleague]:
    """The people to choose from: the viewer, their team, then the rest by name; at most a hundred."""
    people = gate.visible(ctx, registry.get("user")).filter(is_active=True)
    rows = list(people.order_by("title_key", "pk").values_list("pk", "name", "team_id")[:100])
    me, team = ctx.viewer.user_id, ctx.viewer.team_id
    missing = [one for one in state.owners if one not in {pk for pk, _name, _team in rows}]
    if missing:
        every = gate.visible(ctx, registry.get("user")).filter(pk__in=missing)
        rows += list(every.values_list("pk", "name", "team_id"))
    if me and all(pk != me for pk, _name, _team in rows):
        rows.append((me, ctx.viewer.name, team))
    found = [
        Colleague(pk, name, state.owners.index(pk) + 1 if pk in state.owners else 0, team is not None and its == team)
        for pk, name, its in rows
    ]
    return sorted(found, key=lambda one: (one.id != me, not one.in_team, one.name.casefold()))


def heading(ctx: Context, state: CalendarState) -> str:
    """What the view shows: "November 2026", "16 – 22 Nov 2026", "Sun, 22 Nov 2026"."""
    locale = shown_as.locale_of(ctx.format.language, ctx.format.country)
    if state.view == "month":
        name = format_skeleton("yMMMM", state.day, locale=locale)
        return shown_as.capital(name)
    if state.view == "day":
        return shown_as.full_date(state.day, ctx.format)
    return format_interval(state.first, state.until - dt.timedelta(days=1), "yMMMd", locale=locale)
