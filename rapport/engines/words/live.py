"""Which conditional fields a form shows and needs while somebody fills it in: the filters, asked of what was typed.

The door goes on judging the stored row (`kernel/custom/conditions.py`); this only spares people its refusals. There is still
one meaning of a comparison: each test is compiled by its kind and answered by the database, of values instead of a row.
What cannot be told of a record that is not stored yet (a roll-up, a computed field) is unknown: then the field is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models import Q, Value
from django.db.models.sql import Query
from django.db.models.sql.constants import SINGLE

from rapport.engines.words.definition import first_keys
from rapport.kernel.access import gate
from rapport.kernel.changes.values import blank_columns, read_value, record_of, set_value, settle
from rapport.kernel.custom.conditions import conditions_of
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import NEGATIONS
from rapport.kernel.query.compile import compile_filter, matches, stretched
from rapport.kernel.query.tree import All, Any_, Has, Node, Not, Test
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_FOLDED = ("is", "contains", "starts", "ends")


@dataclass(frozen=True)
class Live:
    """The conditional fields of a form: those it may hide, those hidden now, those needed now."""

    conditional: frozenset[str]
    hidden: frozenset[str]
    needed: frozenset[str]
    #: The fields that the conditions look at.
    watched: frozenset[str]


def live_state(ctx: Context, info: TypeInfo, record: Record | None, values: Mapping[str, object]) -> Live | None:
    """What a form with these values shows and needs; None for a type without conditional fields."""
    conditions = conditions_of(ctx.workspace, info.key)
    if not conditions:
        return None
    there, row = gate.fields(ctx, info), _as_typed(ctx, info, record, values)
    hidden, needed, watched = set[str](), set[str](), set[str]()
    for one in conditions:
        if one.key not in there:
            continue
        for node in (one.shown, one.needed):
            watched |= first_keys(node) if node is not None else set()
        shown = True if one.shown is None else _met(ctx, info, row, one.shown)
        if shown is False:
            hidden.add(one.key)
        elif one.needed is not None:
            needed |= {one.key} if _met(ctx, info, row, one.needed) else set()
        elif one.is_required and shown:
            needed.add(one.key)
    able = frozenset(one.key for one in conditions if one.key in there)
    return Live(able, frozenset(hidden), frozenset(needed), frozenset(watched & set(there)))


def _as_typed(ctx: Context, info: TypeInfo, record: Record | None, values: Mapping[str, object]) -> Record:
    """The record as it would be, not stored."""
    row, fields = record_of(info.model, blank_columns(info.model)), gate.fields(ctx, info)
    row.workspace_id = ctx.workspace.pk
    if record is not None:
        row.__dict__.update({f.attname: getattr(record, f.attname) for f in info.model._meta.concrete_fields})
        row._state.adding = False
    for key, value in values.items():
        if key in fields and fields[key].source in ("column", "custom"):
            set_value(row, fields[key], value)
    settle(ctx, info, row)
    return row


def _met(ctx: Context, info: TypeInfo, row: Record, node: Node) -> bool | None:
    """Whether the record meets a filter; None when that cannot be told."""
    if isinstance(node, Test):
        try:
            return _test(ctx, info, row, node)
        except (Invalid, FieldError):
            return None  # a value that the kind cannot compare, or a field that is gone or hidden
    if isinstance(node, Has):
        return matches(ctx, info, row.pk, node) if not row._state.adding else False
    if isinstance(node, Not):
        inside = _met(ctx, info, row, node.item)
        return None if inside is None else not inside
    assert isinstance(node, (All, Any_))
    settled = isinstance(node, Any_)
    found = [_met(ctx, info, row, item) for item in node.items]
    return settled if settled in found else (None if None in found else not settled)


def _test(ctx: Context, info: TypeInfo, row: Record, test: Test) -> bool | None:
    field = gate.fields(ctx, info).get(test.path[0])
    if field is None or (field.source == "custom" and field.kind.key == "money"):
        return None
    if field.source not in ("column", "custom") or field.is_kept:
        return None if row._state.adding else matches(ctx, info, row.pk, test)
    if len(test.path) > 1:
        return _through(ctx, field, read_value(row, field), test)
    op, value = stretched(ctx, field, test)
    if test.op in NEGATIONS:  # "is not x" holds of the empty ones too, as in lists
        return not _positive(ctx, info, row, field, NEGATIONS.get(op, op), value)
    return _positive(ctx, info, row, field, op, value)


def _through(ctx: Context, field: Field, value: object, test: Test) -> bool | None:
    """A reference must lead to a record that the viewer may see and that meets the rest."""
    if value is None:
        return False
    if not isinstance(value, UUID) or field.to not in registry:
        return None
    target = registry.get(field.to)
    rest = compile_filter(ctx, target, replace(test, path=test.path[1:]))
    return gate.visible(ctx, target).filter(pk=value).filter(rest).exists()


def _positive(ctx: Context, info: TypeInfo, row: Record, field: Field, op: str, value: object) -> bool:
    typed = read_value(row, field)
    if field.key == info.declared.title and field.source == "column" and op in _FOLDED and isinstance(value, str):
        title, wanted = row.title_key, fold(value)
        found = {"is": title == wanted, "contains": wanted in title, "starts": title.startswith(wanted)}
        return found.get(op, title.endswith(wanted))
    if field.kind.many:
        if op == "empty":
            return field.kind.blank(typed)
        query = field.kind.index_query(op, value, ctx.cleaning())
        return any(_holds(query, {"key": Value(key)}) for key in field.kind.index_keys(typed))
    return _holds(field.kind.compile(field.path, op, value, ctx.cleaning()), _columns(row))


def _columns(row: Record) -> dict[str, Value]:
    """The columns of a record as values of a statement."""
    return {
        f.attname: Value(getattr(row, f.attname, None), output_field=f.target_field if isinstance(f, models.ForeignKey) else f)
        for f in type(row)._meta.concrete_fields
    }


def _holds(condition: Q, given: Mapping[str, Value]) -> bool:
    """Whether a condition holds of values: a statement without a table (as Django checks constraints, but NULL is no yes)."""
    query = Query(None)
    for name, value in given.items():
        query.add_annotation(value, name, select=False)
    query.add_annotation(Value(1), "_met")
    query.add_q(condition)
    return query.get_compiler(connection=connection).execute_sql(SINGLE) is not None
