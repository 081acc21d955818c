"""What stands in the calendars of some people between two days, read through the viewer's gate.

Nothing tells that more is there: an entry that the viewer may not see leaves no gap, no "busy". Each type costs a fixed
number of queries, by its index on (owner, time).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce

from rapport.engines.calendar.registry import InCalendar, calendar_types
from rapport.kernel.access import gate
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.kinds.datetime import day_bounds
from rapport.kernel.query.read import Row, load_titles, pick_fields, read_ids

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: So many entries of one type at most; a view that holds more says so.
MOST = 500
#: An event that began so long ago may still last.
LONGEST = dt.timedelta(days=14)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """One entry of a calendar; `start` and `end` are in the viewer's zone, `end` is not part of it."""

    type: str
    id: UUID
    version: int
    title: str
    url: str
    icon: str
    kind: str
    owner: UUID | None
    start: dt.datetime
    end: dt.datetime
    is_all_day: bool
    is_done: bool
    may_edit: bool
    #: Whether its length can be changed.
    has_length: bool
    about: str = ""
    about_url: str = ""
    #: Whether it hangs on a day (a task) and not on a point in time.
    is_dated: bool = False
    #: Read only where all of an entry is wanted.
    text: str = ""
    place: str = ""
    changed_at: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    @property
    def first_day(self) -> dt.date:
        """The day it begins on."""
        return self.start.date()

    @property
    def last_day(self) -> dt.date:
        """The last day it touches."""
        return max((self.end - dt.timedelta(microseconds=1)).date(), self.first_day)

    @property
    def minutes(self) -> int:
        """Its length, as time passes and not as the clock shows it."""
        return round((self.end.astimezone(dt.UTC) - self.start.astimezone(dt.UTC)).total_seconds() / 60)


@dataclass
class Events:
    """The entries in their order; `is_cut` when there are more than a view can hold."""

    found: list[Event]
    is_cut: bool = False


def read_events(
    ctx: Context, first: dt.date, until: dt.date, owners: Sequence[UUID], *, most: int = MOST, in_full: bool = False,
    only: InCalendar | None = None,
) -> Events:  # fmt: skip
    """The entries of these owners from a day up to, and without, another; `in_full` brings their texts too, and `only` is
    the one type that is wanted."""
    result = Events([])
    for declared in ([only] if only else calendar_types()) if owners else ():
        fields = gate.fields(ctx, declared.info)
        if not gate.allows(ctx, declared.info, "view") or declared.at not in fields:
            continue
        ids = _ids(ctx, declared, span(ctx, declared, first, until), owners, most)
        result.is_cut = result.is_cut or len(ids) > most
        result.found += [
            e for e in events_of(ctx, declared, ids[:most], in_full=in_full) if e.last_day >= first and e.first_day < until
        ]
    result.found.sort(key=lambda e: (not e.is_all_day, e.start, e.title, e.id))
    return result


def _ids(ctx: Context, declared: InCalendar, where: Q, owners: Sequence[UUID], most: int) -> list[UUID]:
    """The first ids by time: one branch for each owner (and state), so that each walks its index on (owner, time). Asked for all
    owners at once, or sorted by a column that has an index, SQLite walks the time of everybody in the workspace."""
    path = declared.info.fields[declared.at].path
    rows = gate.visible(ctx, declared.info).filter(where).annotate(when=Coalesce(path, path)).order_by().values_list("when", "pk")
    one, *others = [rows.filter(state, owner_id=owner) for owner in owners for state in _states(declared)]
    found = one.union(*others, all=True) if others else one
    return [pk for _at, pk in found.order_by("when")[: most + 1]]


def _states(declared: InCalendar) -> list[Q]:
    """Every state by itself, although an entry in any of them is wanted: the index has it between owner and day."""
    if not declared.done:
        return [Q()]
    state = declared.info.fields[declared.done[0]]
    return [Q(**{state.path: value}) for value in state.kind.choices.pairs]  # type: ignore[attr-defined]


def span(ctx: Context, declared: InCalendar, first: dt.date, until: dt.date) -> Q:
    """The condition that an entry may touch the days; those that began before are told apart when they are read."""
    path = declared.info.fields[declared.at].path
    if declared.is_dated:
        found = Q(**{f"{path}__gte": first, f"{path}__lt": until})
    else:
        start, end = day_bounds(first, ctx.format.zone)[0], day_bounds(until, ctx.format.zone)[0]
        found = Q(**{f"{path}__gte": start - (LONGEST if declared.minutes else _DAY), f"{path}__lt": end})
    return found & Q(kind__in=declared.kinds) if declared.kinds else found


def events_of(ctx: Context, declared: InCalendar, ids: Sequence[UUID], *, in_full: bool = False) -> list[Event]:
    """The entries with these ids, of those that the viewer may see."""
    if not ids:
        return []
    info = declared.info
    wanted = [info.declared.title, "kind", "owner", declared.at, declared.clock, declared.minutes, declared.about]
    wanted += [declared.done[0]] if declared.done else []
    wanted += [declared.text, declared.place, "updated_at"] if in_full else []
    keys = [key for key in dict.fromkeys(wanted) if key]
    rows = read_ids(ctx, info, ids, keys)
    load_titles(ctx, rows.values(), pick_fields(ctx, info, [declared.about] if declared.about else []))
    editable = _editable(ctx, declared, list(rows))
    return [_event(ctx, declared, rows[pk], pk in editable) for pk in ids if pk in rows and rows[pk].values.get(declared.at)]


def _editable(ctx: Context, declared: InCalendar, ids: list[UUID]) -> set[UUID]:
    """Those whose time this viewer may change."""
    info = declared.info
    if declared.at not in settable_fields(ctx, info, creating=False) or not gate.allows(ctx, info, "edit"):
        return set()
    if gate.sees_all(ctx, info, "edit"):
        return set(ids)
    return set(gate.visible(ctx, info, "edit").filter(pk__in=ids).values_list("pk", flat=True))


def _event(ctx: Context, declared: InCalendar, row: Row, may_edit: bool) -> Event:
    start, end, is_all_day = times(ctx, declared, row)
    title = row.values.get(declared.info.declared.title)
    kind, changed = str(row.values.get("kind") or ""), row.values.get("updated_at")
    about = None
    if declared.about:
        to = declared.info.fields[declared.about].to
        about = ctx.format.titles.get((to, row.values.get(declared.about)))  # type: ignore[arg-type]
    return Event(
        type=declared.type, id=row.id, version=row.version, title=str(title or declared.info.label),
        url=declared.info.record_url(row.id), icon=declared.icons.get(kind, declared.icons.get("", "calendar")), kind=kind,
        owner=row.values.get("owner"), start=start, end=end, is_all_day=is_all_day,  # type: ignore[arg-type]
        is_done=declared.done is not None and row.values.get(declared.done[0]) == declared.done[1],
        may_edit=may_edit, has_length=bool(declared.minutes) and declared.minutes in gate.fields(ctx, declared.info),
        about=about.text if about else "", about_url=about.url if about else "", is_dated=declared.is_dated,
        text=str(row.values.get(declared.text) or ""), place=str(row.values.get(declared.place) or ""),
        changed_at=changed if isinstance(changed, dt.datetime) else start,
    )  # fmt: skip


def times(ctx: Context, declared: InCalendar, row: Row) -> tuple[dt.datetime, dt.datetime, bool]:
    """Start and end in the viewer's zone, and whether the entry stands for whole days."""
    value, zone = row.values[declared.at], ctx.format.zone
    usual = dt.timedelta(minutes=declared.usual_minutes)
    if not isinstance(value, dt.datetime):
        assert isinstance(value, dt.date)
        clock = row.values.get(declared.clock) if declared.clock else None
        start = dt.datetime.combine(value, clock if isinstance(clock, dt.time) else dt.time(), tzinfo=zone)
        return (start, _later(start, usual), False) if isinstance(clock, dt.time) else (start, start + _DAY, True)
    start = value.astimezone(zone)
    minutes = row.values.get(declared.minutes) if declared.minutes else None
    end = _later(start, dt.timedelta(minutes=minutes) if isinstance(minutes, int) and minutes > 0 else usual)
    return start, end, start.time() == end.time() == dt.time() and end.date() > start.date()


def _later(start: dt.datetime, by: dt.timedelta) -> dt.datetime:
    """So much time later; across a change of the clocks too, where adding to the clock would be an hour off."""
    return (start.astimezone(dt.UTC) + by).astimezone(start.tzinfo)
