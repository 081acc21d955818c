"""Bringing a calendar file in: what would be made of it, and then making it, through the write door, all or nothing.

An entry that came before is known by its id in the file and changed, not made twice; one that went out of Rapport and
comes back is the record it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.calendar.ical_reading import Item, as_moment
from rapport.engines.calendar.ical_writing import UID_END
from rapport.engines.calendar.registry import InCalendar, calendar_types
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import read_value, settable_fields
from rapport.kernel.ids import as_id
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Records written at once: so many can be taken back with one Undo.
MOST_WRITES = 200
_LONGEST_ID = 100


@dataclass(frozen=True)
class Person:
    """A participant who is known here."""

    id: UUID
    name: str


@dataclass
class Step:
    """What becomes of one entry of the file: "create", "update", "same", or "refused" when it may not be changed."""

    item: Item
    declared: InCalendar
    verb: str
    values: dict[str, object]
    record: Record | None = None
    people: list[Person] = field(default_factory=list)
    strangers: int = 0

    @property
    def writes(self) -> int:
        """How many records it writes."""
        if self.verb == "create":
            return 1 + (len(self.people) if self.declared.people else 0)
        return int(self.verb == "update")


@dataclass
class Plan:
    """The steps for this time, and how many entries wait for the next."""

    steps: list[Step]
    waiting: int = 0

    def count(self, verb: str) -> int:
        """How many steps do this."""
        return sum(step.verb == verb for step in self.steps)


def plan(ctx: Context, items: Sequence[Item]) -> Plan:
    """What bringing these in would do; nothing is written. A fixed number of queries."""
    kinds = {one.is_dated: one for one in reversed(calendar_types()) if gate.allows(ctx, one.info, "create")}
    known = {one.type: known_records(ctx, one, items) for one in kinds.values()}
    people = known_people(ctx, {email for item in items for email in item.emails}, kinds.get(False))
    result, room = Plan([]), MOST_WRITES
    for item in items:
        declared = kinds.get(item.is_todo)
        if declared is None:
            continue
        step = step_for(ctx, declared, item, known[declared.type].get(id_in_file(item)), people)
        if step.writes > room:
            result.waiting += 1
            continue
        room -= step.writes
        result.steps.append(step)
    return result


def id_in_file(item: Item) -> str:
    """What the record remembers the entry by; long ids by their fingerprint."""
    text = item.uid + (f"/{item.occurrence}" if item.occurrence else "")
    return text if len(text) <= _LONGEST_ID and text.isprintable() else f"ics:{hashlib.sha256(text.encode()).hexdigest()}"


def known_records(ctx: Context, declared: InCalendar, items: Iterable[Item]) -> dict[str, Record]:
    """The viewer's own records of these entries, by the entry's id."""
    wanted = {id_in_file(item): item for item in items}
    mine = gate.visible(ctx, declared.info).filter(owner_id=ctx.viewer.user_id)
    found = {record.external_id: record for record in mine.filter(external_id__in=list(wanted))}
    ours = {key: pk for key, item in wanted.items() if (pk := _own_id(declared, item)) is not None}
    if ours:
        by_id = {record.pk: record for record in gate.visible(ctx, declared.info).filter(pk__in=list(ours.values()))}
        found |= {key: by_id[pk] for key, pk in ours.items() if pk in by_id}
    return found


def _own_id(declared: InCalendar, item: Item) -> UUID | None:
    """The record that an entry is which went out of Rapport."""
    start = f"{declared.type}-"
    inside = item.uid.startswith(start) and item.uid.endswith(UID_END) and not item.occurrence
    return as_id(item.uid.removeprefix(start).removesuffix(UID_END)) if inside else None


def known_people(ctx: Context, emails: set[str], declared: InCalendar | None) -> dict[str, Person]:
    """Known people by e-mail address; an address that several have is nobody's."""
    if not emails or declared is None or declared.people is None:
        return {}
    type_key, _entry, reference = declared.people
    info = registry.get(registry.get(type_key).fields[reference].to)
    fields = [one.key for one in gate.fields(ctx, info).values() if one.kind.key == "email"]
    hits = IndexedValue.objects.filter(
        workspace_id=ctx.workspace.pk, type=info.key, field__in=fields, key__in=sorted(emails)[:500]
    ).values_list("key", "record_id")
    by_email: dict[str, set[UUID]] = {}
    for email, pk in hits:
        by_email.setdefault(email, set()).add(pk)
    names = gate.titles(ctx, info, {pk for some in by_email.values() for pk in some})
    known = {pk: Person(pk, str(name)) for pk, name in names.items() if name.is_person or not info.person_column}
    one_each = {email: [known[pk] for pk in some if pk in known] for email, some in by_email.items()}
    return {email: some[0] for email, some in one_each.items() if len(some) == 1}


def step_for(ctx: Context, declared: InCalendar, item: Item, record: Record | None, people: Mapping[str, Person]) -> Step:
    """What becomes of one entry, which the record is that was found for it."""
    values = _values(ctx, declared, item)
    known = list({people[email].id: people[email] for email in item.emails if email in people}.values())
    strangers = sum(email not in people for email in item.emails)
    if record is None:
        settable = settable_fields(ctx, declared.info, creating=True)
        made = {**(declared.new or {}), **values, "external_id": id_in_file(item)}
        if declared.about and known and not item.is_todo:
            made[declared.about] = known[0].id
        if declared.done and item.is_done:
            made[declared.done[0]] = declared.done[1]
        made = {key: value for key, value in made.items() if key in settable}
        return Step(item, declared, "create", made, None, known, strangers)
    settable = settable_fields(ctx, declared.info, creating=False)
    fields = declared.info.fields
    differ = {k: v for k, v in values.items() if k in settable and not _alike(read_value(record, fields[k]), v)}
    verb = "same" if not differ else "update" if gate.may(ctx, declared.info, record, "edit") else "refused"
    return Step(item, declared, verb, differ, record, known, strangers)


def _alike(old: object, new: object) -> bool:
    return old == new or (not old and not new)


def _values(ctx: Context, declared: InCalendar, item: Item) -> dict[str, object]:
    """What the file says, by the fields of the type."""
    zone = ctx.format.zone
    found: dict[str, object] = {declared.info.declared.title: item.title}
    if declared.place:
        found[declared.place] = item.place
    if declared.text:
        found[declared.text] = "\n\n".join(part for part in ("" if declared.place else item.place, item.text) if part) or None
    if declared.is_dated:
        local = item.start.astimezone(zone) if isinstance(item.start, dt.datetime) else None
        found[declared.at] = local.date() if local else item.start
        if declared.clock:
            found[declared.clock] = local.time().replace(second=0, microsecond=0) if local else None
    else:
        found[declared.at] = as_moment(item.start, zone)
        if declared.minutes and item.minutes:
            found[declared.minutes] = item.minutes
    return found


def carry_out(ctx: Context, wanted: Plan) -> list[Record]:
    """Write it all; the records in the order in which an Undo takes them back. Raises what the door raises, and then
    nothing was written."""
    written: list[Record] = []
    with unit_of_work(ctx):
        for step in wanted.steps:
            if step.verb == "update" and step.record is not None:
                written.append(ctx.write(step.record, expected_version=step.record.version, **step.values))
            elif step.verb == "create":
                made = ctx.create(step.declared.type, **step.values)
                if step.declared.people and step.people:
                    type_key, entry, reference = step.declared.people
                    written += [ctx.create(type_key, **{entry: made.pk, reference: one.id}) for one in step.people]
                written.append(made)
    return written
