"""Between what a caller gives and what the columns hold: settable fields, cleaning, reading and setting values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models.base import ModelState
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.kinds.base import Cleaning, Kind
from rapport.kernel.kinds.older import reads
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def read_value(record: Record, field: Field) -> object:
    """The value of a field on a loaded record."""
    if field.source == "custom":
        return field.kind.load(field.kind.from_json(record.custom.get(field.place)))
    return field.kind.load(*(getattr(record, name) for name in field.columns))


def from_log(fields: Mapping[str, Field], logged: Mapping[str, object]) -> dict[str, object]:
    """Values as the change log keeps them, made writable again; those of other fields are left out."""
    # What was written before a field changed its kind is left to the door, which reads it as text that somebody types.
    return {
        key: value if value is None or not reads(fields[key].kind, value) else fields[key].kind.from_json(value)
        for key, value in logged.items()
        if key in fields
    }


def set_value(record: Record, field: Field, value: object) -> None:
    """Put a cleaned value on a record; an empty custom value leaves no key behind (empty = key absent)."""
    if field.source == "custom":
        custom = dict(record.custom)
        if field.kind.blank(value):
            custom.pop(field.place, None)
        else:
            custom[field.place] = field.kind.to_json(value)
        record.custom = custom
        return
    for name, stored in field.kind.store(value, field.path).items():
        setattr(record, name, stored)


def blank_columns(model: type[Record]) -> dict[str, object]:
    """Column values of a new record before anything is set: the defaults of the model."""
    plain, made = defaults_of(model)
    return {**plain, **{name: make() for name, make in made}}


@lru_cache(maxsize=256)
def defaults_of(model: type[Record]) -> tuple[dict[str, object], list[tuple[str, Callable[[], object]]]]:
    """The columns of a model as they are at first, and those whose first value is made anew for each record."""
    fields = model._meta.concrete_fields
    # What a table of several types knows this one by.
    fixed = getattr(model, "fixed_columns", {})
    made = [(f.attname, f.default) for f in fields if f.has_default() and callable(f.default) and f.attname not in fixed]
    return {**{f.attname: f.get_default() for f in fields}, **fixed}, made


def record_of(model: type[Record], stored: dict[str, object]) -> Record:
    """An unsaved record with all its columns set. Not through Model.__init__, which sets one attribute after the other
    (measured: 17 of the 90 µs that importing a row took); unpickling builds instances in the same way."""
    record = model.__new__(model)
    record.__dict__ = stored
    record._state = ModelState()
    return record


def settable_fields(ctx: Context, info: TypeInfo, *, creating: bool) -> dict[str, Field]:
    """Fields this write may set: what the viewer may edit, less those that belong to another action."""
    if ctx.viewer.is_system:
        return {k: f for k, f in gate.fields(ctx, info).items() if f.source != "computed"}
    every = gate.fields(ctx, info, edit=True)
    may = {k: f for k, f in every.items() if f.settable(creating=creating, action=ctx.action)}
    if creating or ctx.action:
        return may  # a new record is its writer's to give; an action's own right covers what it writes
    return {k: f for k, f in may.items() if not f.verb or gate.allows(ctx, info, f.verb)}


def verbs_of(diff: Mapping[str, object], fields: Mapping[str, Field]) -> set[str]:
    """The further rights that changing these fields needs."""
    return {fields[key].verb for key in diff} - {""}


def clean_values(
    ctx: Context, info: TypeInfo, given: Mapping[str, object], settable: Mapping[str, Field], cleaning: Cleaning, *,
    is_clean: bool = False,
) -> dict[str, object]:  # fmt: skip
    """Cleaned values by field key. Raises Invalid with one sentence per field; a hidden field reads as unknown.

    With `is_clean` only references are looked at: whatever else the values are, their kinds have made them.
    """
    errors: dict[str, object] = {}
    cleaned: dict[str, object] = {}
    for key, value in given.items():
        field = settable.get(key)
        if field is None:
            errors[key] = _why_not(ctx, info, key)
            continue
        try:
            found = value if is_clean and not refers(field) else field.kind.clean(value, cleaning)
        except Invalid as wrong:
            errors[key] = wrong.sentence
            continue
        if field.required and field.kind.blank(found):
            errors[key] = _("%(label)s is needed.") % {"label": capital(field.label)}
        cleaned[key] = found
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    return cleaned


def refers(field: Field) -> bool:
    """Whether the value points at another record, which the viewer must be able to see (a link of any type too)."""
    return bool(field.to) or type(field.kind).references is not Kind.references


def demand_kept(cleaned: Mapping[str, object], fields: Mapping[str, Field]) -> None:
    """Raise Invalid when a change would empty a field whose column cannot be empty."""
    emptied = {
        key: _("%(label)s is needed.") % {"label": capital(fields[key].label)}
        for key, value in cleaned.items()
        if not fields[key].clearable and fields[key].kind.blank(value)
    }
    if emptied:
        raise Invalid(next(iter(emptied.values())), code="missing", errors=emptied)


def _why_not(ctx: Context, info: TypeInfo, key: str) -> str:
    field = gate.fields(ctx, info).get(key)
    if field is None:
        return _("%(type)s has no field “%(key)s”.") % {"type": capital(info.label), "key": key[:60]}
    if field.by_action and field.writable:
        names = _(" or ").join(f"“{a}”" for a in field.by_action)
        return _("%(label)s changes through the action %(actions)s only.") % {
            "label": capital(field.label), "actions": names,
        }  # fmt: skip
    if field.fixed:
        return _("%(label)s is given once and never changes; make a new %(type)s instead.") % {
            "label": capital(field.label), "type": info.label,
        }  # fmt: skip
    return _("%(label)s cannot be set.") % {"label": capital(field.label)}


def defaults(ctx: Context, info: TypeInfo, given: Mapping[str, object], fields: Mapping[str, Field]) -> dict[str, object]:
    """Values for the fields of a new record that were not given."""
    found: dict[str, object] = {}
    for key, field in fields.items():
        if key in given or field.default is None or field.source == "computed":
            continue
        value = field.default
        if callable(value):
            value = value(ctx)
        elif value == "me":
            value = ctx.viewer.user_id
        elif value == "today":
            value = ctx.format.today
        elif value == "now":
            value = ctx.format.now
        if value is not None:
            found[key] = value
    return found


def follow_owner(ctx: Context, info: TypeInfo, record: Record, cleaned: dict[str, object]) -> None:
    """A record given to another owner goes to that owner's team, unless the writer names one."""
    owner = cleaned.get("owner")
    if owner is not None and "team" not in cleaned and owner != record.owner_id and info.key != "user":
        cleaned["team"] = ctx.team_of(owner)


def require(info: TypeInfo, given: Mapping[str, object], fields: Mapping[str, Field]) -> None:
    """Raise Invalid when a required field of a new record has no value."""
    missing = {
        k: _("%(label)s is needed.") % {"label": capital(f.label)}
        for k, f in fields.items()
        if f.required and f.writable and f.kind.blank(given.get(k)) and not (f.by_action and not f.on_create)
    }
    if missing:
        raise Invalid(next(iter(missing.values())), code="missing", errors=missing)


def settle(ctx: Context, info: TypeInfo, record: Record) -> None:
    """Set the columns that follow from others: the folded title, and amounts in the workspace's currency."""
    title = read_value(record, info.title_field)
    record.title_key = fold(info.title_field.kind.text(title, ctx.format))[:200] if title is not None else ""
    for field in _following(info):
        field.kind.follow(record, field.path, ctx)


@lru_cache(maxsize=256)
def _following(info: TypeInfo) -> list[Field]:
    """The fields whose kind sets other columns after them."""
    return [f for f in info.fields.values() if f.source == "column" and type(f.kind).follow is not Kind.follow]


def now() -> dt.datetime:
    """The present moment in UTC."""
    return dt.datetime.now(dt.UTC)
