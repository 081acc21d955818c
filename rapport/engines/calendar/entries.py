"""The calendar of a person as named entries that programs read and write one by one (CalDAV, RFC 4791).

Each type in calendars is a collection. An entry made here is named by its type and id; one that a program made keeps the
name that program gave it. What is sent goes through the write door, as the person, with the version they had seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.calendar.ical_reading import ReadFile, read_file
from rapport.engines.calendar.ical_writing import AHEAD, MOST, PAST, kept_of, write_entry
from rapport.engines.calendar.importing import Plan, carry_out, known_people, known_records, step_for
from rapport.engines.calendar.models import DeviceEntry
from rapport.engines.calendar.reading import Event, events_of, read_events
from rapport.engines.calendar.registry import InCalendar, calendar_types
from rapport.kernel.access import gate
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Conflict, Invalid, Refused
from rapport.kernel.ids import as_id

if TYPE_CHECKING:
    from icalendar import Component

    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

LONGEST_NAME = 200
_END = ".ics"


@dataclass(frozen=True)
class Entry:
    """One entry as programs see it."""

    name: str
    event: Event
    kept: DeviceEntry | None

    @property
    def mark(self) -> str:
        """What changes whenever the entry does (its ETag)."""
        return f'"{self.event.version}.{self.kept.version if self.kept else 0}"'

    @cached_property
    def is_mine_to_change(self) -> bool:
        """Whether this viewer may change it."""
        return self.event.may_edit

    def body(self, base_url: str) -> bytes:
        """The entry as a calendar file."""
        return write_entry(self.event, base_url, _read_kept(self.kept.kept) if self.kept and self.kept.kept else None)


def collections(ctx: Context) -> list[InCalendar]:
    """The types whose entries the viewer may see."""
    return [one for one in calendar_types() if gate.allows(ctx, one.info, "view") and one.at in gate.fields(ctx, one.info)]


def listing(ctx: Context, declared: InCalendar, first: dt.date | None = None, until: dt.date | None = None) -> list[Entry]:
    """The viewer's own entries of a collection between two days; without days, those of the last months and the next year."""
    today = ctx.format.today
    assert ctx.viewer.user_id is not None
    found = read_events(
        ctx, first or today - PAST, until or today + AHEAD, [ctx.viewer.user_id], most=MOST, in_full=True, only=declared
    ).found
    return _named(ctx, declared, found)


def state(ctx: Context, declared: InCalendar, entries: Sequence[Entry] | None = None) -> str:
    """What changes whenever anything in the collection does."""
    there = listing(ctx, declared) if entries is None else entries
    return hashlib.sha256("\n".join(sorted(f"{one.name} {one.mark}" for one in there)).encode()).hexdigest()[:32]


def find(ctx: Context, declared: InCalendar, names: Iterable[str]) -> dict[str, Entry]:
    """The viewer's own entries with these names."""
    wanted = set(names)
    rows = DeviceEntry.objects.filter(
        workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, type=declared.type, name__in=wanted
    )
    ids = [row.record_id for row in rows] + [pk for name in wanted if (pk := _own_id(declared, name)) is not None]
    events = [one for one in events_of(ctx, declared, list(dict.fromkeys(ids)), in_full=True) if one.owner == ctx.viewer.user_id]
    kinds = declared.kinds
    found = _named(ctx, declared, [one for one in events if not kinds or one.kind in kinds])
    return {one.name: one for one in found if one.name in wanted}


def put(ctx: Context, declared: InCalendar, name: str, data: bytes, *, match: str = "", only_new: bool = False) -> bool:
    """Take an entry as a program sends it; whether it is new. `match` is the mark the program has seen, `only_new` that it takes
    the name for free. Raises Conflict when that is not so, Invalid for what cannot be kept, and what the door raises."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(_("The name of this entry is too long or holds signs that cannot be kept."), code="bad_name")
    item_file, part = _one(ctx, data, declared)
    item = item_file.items[0]
    with unit_of_work(ctx):
        there = find(ctx, declared, [name]).get(name)
        if (only_new and there) or (match and (there is None or (match not in ("*", there.mark)))):
            raise _changed()
        record = gate.get(ctx, declared.info, there.event.id) if there else None
        if record is None:
            record = next(iter(known_records(ctx, declared, [item]).values()), None)
            if record is not None:
                raise Conflict(_("This entry is here already, under another name."))
            gate.demand(ctx, declared.info, "create")
        step = step_for(ctx, declared, item, record, {} if record else known_people(ctx, set(item.emails), declared))
        if step.verb == "refused":
            raise Refused(_("Your role does not allow to change this entry."))
        written = carry_out(ctx, Plan([step]))
        made = record if record is not None else written[-1]
        _tick(ctx, declared, made, is_done=item.is_done, was_done=there.event.is_done if there else item.is_done)
        _keep(ctx, declared, made.pk, name, part)
    return there is None


def remove(ctx: Context, declared: InCalendar, name: str, *, match: str = "") -> bool:
    """Put an entry into the bin, where it can be taken out again; whether it was there. Raises Conflict, Refused."""
    there = find(ctx, declared, [name]).get(name)
    if there is None:
        return False
    if match and match not in ("*", there.mark):
        raise _changed()
    ctx.delete(gate.get(ctx, declared.info, there.event.id, "delete"))
    return True


def _changed() -> Conflict:
    return Conflict(_("This entry has changed since your program read it."))


def _one(ctx: Context, data: bytes, declared: InCalendar) -> tuple[ReadFile, Component]:
    """The one entry of a file, read and as it came. Raises Invalid with the reason for any other file."""
    from icalendar import Calendar

    found = read_file(data, ctx.format.zone, ctx.format.today)
    parts = [one for one in Calendar.from_ical(data).walk() if one.name in ("VEVENT", "VTODO")]
    if any("RRULE" in one or "RDATE" in one or "RECURRENCE-ID" in one for one in parts):
        raise Invalid(_("Repeating entries are not kept here: make each one by itself, or keep it in a calendar of your own."),
                      code="repeats")  # fmt: skip
    if len(parts) != 1 or len(found.items) != 1:
        raise Invalid(_("Send one entry with a time, and nothing else, at this address."), code="not_one")
    if found.items[0].is_todo != declared.is_dated:
        raise Invalid(_("Entries of this kind do not belong into this calendar."), code="wrong_kind")
    return found, parts[0]


def _tick(ctx: Context, declared: InCalendar, record: Record, *, is_done: bool, was_done: bool) -> None:
    """End the entry or open it again, by the action a person would press."""
    if declared.ticking and is_done != was_done:
        run_action(ctx, record, declared.ticking[0 if is_done else 1], {})


def _keep(ctx: Context, declared: InCalendar, record_id: UUID, name: str, part: Component) -> None:
    kept = kept_of(part)
    text = kept.to_ical().decode() if kept or kept.subcomponents else ""
    mine = DeviceEntry.objects.filter(workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id)
    row = mine.filter(record_id=record_id).first()
    if row is None:
        if not text and _own_id(declared, name) == record_id:
            return
        # A name whose entry is in the bin is free again.
        mine.filter(type=declared.type, name=name).delete()
        DeviceEntry.objects.create(
            workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, type=declared.type, record_id=record_id, name=name,
            kept=text,
        )  # fmt: skip
    elif row.kept != text:
        mine.filter(pk=row.pk).update(kept=text, version=row.version + 1)


def _named(ctx: Context, declared: InCalendar, events: Sequence[Event]) -> list[Entry]:
    rows = DeviceEntry.objects.filter(
        workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, record_id__in=[one.id for one in events]
    )
    kept = {row.record_id: row for row in rows}
    return [Entry(kept[one.id].name if one.id in kept else f"{one.type}-{one.id}{_END}", one, kept.get(one.id)) for one in events]


def _own_id(declared: InCalendar, name: str) -> UUID | None:
    start = f"{declared.type}-"
    inside = name.startswith(start) and name.endswith(_END)
    return as_id(name.removeprefix(start).removesuffix(_END)) if inside else None


def _read_kept(text: str) -> Component:
    from icalendar import Event as CalendarEvent

    return CalendarEvent.from_ical(text)
