"""Creating many records at once, with the checks of the write door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.kernel.access import gate
from rapport.kernel.access.resolver import GateResolver
from rapport.kernel.changes import values as v
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.door import demand_reach
from rapport.kernel.changes.making import Maker
from rapport.kernel.changes.many import ManyResult, after_all, see_references
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.written import Written
from rapport.kernel.custom import conditions, unique
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_New = tuple[int, Record, dict[str, object]]
#: Values that rows may share.
_NEVER_CHANGING = (str, int, bool, UUID, dt.date, dt.datetime)


def create_many(
    ctx: Context, info: TypeInfo, rows: Sequence[Mapping[str, object]], *, cleaned: bool = False, only_check: bool = False
) -> ManyResult:
    """Create many records in one transaction. Rows that fail a check are reported and left out; the rest is written.

    `cleaned` says that the values come from the kinds' own `parse` or `clean` and need not be cleaned again (measured:
    a third of an import); everything else is checked all the same, references too. With `only_check` nothing is written.
    Raises Refused without the right to create, or when a row would leave the viewer's reach.
    """
    gate.demand(ctx, info, "create")
    settable = v.settable_fields(ctx, info, creating=True)
    every = {**info.fields, **gate.fields(ctx, info, edit=True)}
    result = ManyResult()
    records: list[tuple[int, Record, dict[str, object]]] = []
    see_references(ctx, settable, rows)
    new, maker = _NewRows(ctx, info, settable, every, is_clean=cleaned), Maker(ctx, info, every)
    for position, given in enumerate(rows):
        try:
            values = new.cleaned(given)
            records.append((position, maker.made(values), values))
        except Invalid as wrong:
            result.errors[position] = wrong
    _leave_out_taken(result, ctx, info, records)
    records = [one for one in records if one[0] not in result.errors]
    if only_check:
        return result
    if records:
        records = _insert(ctx, info, records, every, result)
    result.ids = {position: record.pk for position, record, _cleaned_values in records}
    resolver = ctx.cleaning().resolver
    if isinstance(resolver, GateResolver) and gate.sees_all(ctx, info):
        resolver.saw(info.key, list(result.ids.values()))
    return result


class _NewRows:
    """Cleans the rows of one `create_many`; what is alike for every row is worked out once."""

    def __init__(
        self, ctx: Context, info: TypeInfo, settable: dict[str, Field], every: dict[str, Field], *, is_clean: bool
    ) -> None:
        self.is_clean = is_clean
        self.ctx, self.info, self.settable, self.every = ctx, info, settable, every
        self.cleaning: Cleaning = ctx.cleaning()
        self.defaulted = {k: f for k, f in every.items() if f.default is not None and f.source != "computed"}
        self.required = {k: f for k, f in every.items() if f.required}
        #: Fields whose values need no second look where they are clean.
        self.free = {k for k, f in settable.items() if is_clean and not v.refers(f)}
        #: Defaults that are the same for every row, cleaned.
        self.known: dict[str, object] = {}

    def cleaned(self, given: Mapping[str, object]) -> dict[str, object]:
        """The values of a new record; raises Invalid."""
        every = self.every
        found = dict(given)
        if looked_at := {k: x for k, x in given.items() if k not in self.free}:
            found |= v.clean_values(self.ctx, self.info, looked_at, self.settable, self.cleaning, is_clean=self.is_clean)
        found = {k: x for k, x in found.items() if not every[k].kind.blank(x)}
        if missing := {k: f for k, f in self.defaulted.items() if k not in found}:
            self._add_defaults(found, missing)
        if not all(map(found.get, self.required)):
            v.require(self.info, found, self.required)
        for check in self.info.declared.checks:
            check(self.ctx, None, found)
        return found

    def _add_defaults(self, found: dict[str, object], missing: dict[str, Field]) -> None:
        for key, field in missing.items():
            if key in self.known:
                found[key] = self.known[key]
                continue
            for default in v.defaults(self.ctx, self.info, found, {key: field}).values():
                found[key] = field.kind.clean(default, self.cleaning)
                if not callable(field.default) and type(found[key]) in _NEVER_CHANGING:
                    self.known[key] = found[key]


def _leave_out_taken(result: ManyResult, ctx: Context, info: TypeInfo, records: Sequence[_New]) -> None:
    """Report rows with a value that may stand once and stands already, here or among these rows."""
    result.errors |= unique.taken(ctx, info, [(position, None, values) for position, _record, values in records])


def _insert(
    ctx: Context, info: TypeInfo, records: list[_New], every: dict[str, Field], result: ManyResult
) -> list[_New]:
    """Insert the rows; those that a condition refuses are reported, and the rest is inserted again without them."""
    names = tuple(f.attname for f in info.model._meta.concrete_fields)
    conditional = bool(conditions.conditions_of(ctx.workspace, info.key))
    with unit_of_work(ctx) as unit:
        while records:
            written = [Written(info, r, "create", {k: (None, x) for k, x in c.items()}) for _p, r, c in records]
            with transaction.atomic() if conditional else nullcontext():
                insert_rows(info.model, names, [[r.__dict__[name] for name in names] for _p, r, _c in records])
                wrong = conditions.broken(ctx, info, written)
                if wrong:
                    transaction.set_rollback(True)
            if not wrong:
                demand_reach(ctx, info, [r.pk for _p, r, _c in records], creating=True)
                after_all(ctx, info, written, unit, every)
                break
            result.errors |= {position: wrong[r.pk] for position, r, _c in records if r.pk in wrong}
            records = [one for one in records if one[1].pk not in wrong]
    return records
