"""Set-wise writing for imports, mass edits and samples: the same checks and log as one write, many rows a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.kernel.access import gate
from rapport.kernel.changes import values as v
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.door import change_of, demand_reach, new_record, write
from rapport.kernel.changes.indexers import run_indexers
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.written import Written
from rapport.kernel.errors import Conflict, Gone, Invalid, RapportError, Refused
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class ManyResult:
    """What became of each row: its record's id, or the error that kept it out. Keys are positions in the input."""

    ids: dict[int, UUID] = field(default_factory=dict)
    errors: dict[int, RapportError] = field(default_factory=dict)
    unchanged: int = 0


def create_many(ctx: Context, info: TypeInfo, rows: Sequence[Mapping[str, object]]) -> ManyResult:
    """Create many records in one transaction. Rows that fail a check are reported and left out; the rest is written.

    Raises Refused without the right to create, or when a row would leave the viewer's reach.
    """
    gate.demand(ctx, info, "create")
    settable = v.settable_fields(ctx, info, creating=True)
    every = {**info.fields, **gate.fields(ctx, info, edit=True)}
    result = ManyResult()
    records: list[tuple[int, Record, dict[str, object]]] = []
    cleaning = ctx.cleaning()
    for position, given in enumerate(rows):
        try:
            cleaned = _cleaned(ctx, info, given, settable, every, cleaning)
            records.append((position, new_record(ctx, info, cleaned, every), cleaned))
        except Invalid as wrong:
            result.errors[position] = wrong
    if records:
        _insert(ctx, info, records, every)
    result.ids = {position: record.pk for position, record, _cleaned_values in records}
    return result


def _cleaned(ctx, info, given, settable, every, cleaning) -> dict[str, object]:  # noqa: ANN001 - as create_many
    cleaned = v.clean_values(ctx, info, given, settable, cleaning)
    cleaned = {k: x for k, x in cleaned.items() if not every[k].kind.blank(x)}
    for key, value in v.defaults(ctx, info, cleaned, every).items():
        cleaned[key] = every[key].kind.clean(value, cleaning)
    v.require(info, cleaned, every)
    for check in info.declared.checks:
        check(ctx, None, cleaned)
    return cleaned


def _insert(ctx: Context, info: TypeInfo, records: list[tuple[int, Record, dict[str, object]]], every: dict) -> None:
    names = tuple(f.attname for f in info.model._meta.concrete_fields)
    with unit_of_work(ctx) as unit:
        insert_rows(info.model, names, [[getattr(r, name) for name in names] for _p, r, _c in records])
        demand_reach(ctx, info, [r.pk for _p, r, _c in records], creating=True)
        written = [Written(info, r, "create", {k: (None, x) for k, x in c.items()}) for _p, r, c in records]
        unit.changes += [change_of(ctx, one, every) for one in written]
        run_indexers(ctx, written)
        for effect in info.declared.effects:
            effect(ctx, written)


def write_many(ctx: Context, info: TypeInfo, edits: Sequence[tuple[UUID, Mapping[str, object]]]) -> ManyResult:
    """Change many records in one transaction, each through the write door; rows that fail are reported and left out."""
    result = ManyResult()
    with unit_of_work(ctx) as unit:
        found = gate.visible(ctx, info).in_bulk([pk for pk, _given in edits])
        for position, (pk, given) in enumerate(edits):
            record = found.get(pk)
            if record is None:
                result.errors[position] = Gone(f"This {info.label} does not exist, or you may not see it.")
                continue
            before, logged = record.version, len(unit.changes)
            try:
                # A savepoint each: a row refused after it was saved (out of reach) must leave nothing behind.
                with transaction.atomic():
                    write(ctx, record, given)
            except (Invalid, Refused, Conflict) as wrong:
                del unit.changes[logged:]
                result.errors[position] = wrong
                continue
            result.ids[position] = pk
            result.unchanged += record.version == before
    return result
