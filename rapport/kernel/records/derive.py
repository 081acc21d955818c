"""Deriving a type's fields from its model: label, kind, required and choices are written once, in the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import models
from django.db.models.expressions import Combinable, F
from django.utils.translation import gettext_lazy as _

from rapport.kernel.kinds.base import kind_of
from rapport.kernel.records.declare import Computed, RecordType, Use
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record, is_indexed

#: Bookkeeping columns that no surface shows.
_INTERNAL = {"workspace", "custom", "title_key", "deleted_at", "version", "id"}
_READONLY = {"created_at", "created_by", "updated_at"}
#: Whose a record is decides who sees it.
_HANDING = {"owner": "reassign", "team": "reassign"}
#: The order in which the fields of the base come: after the type's own.
_LAST = ["owner", "team", "external_id", "created_at", "created_by", "updated_at"]


def derive_fields(declared: type[RecordType], type_keys: Mapping[type[Record], str]) -> dict[str, Field]:
    """All fields of a type by key, the type's own first, then computed ones, then those of the base."""
    model = declared.model
    companions = set(_companions(model))
    concrete = [
        f for f in model._meta.concrete_fields if f.name not in _INTERNAL and f.name not in companions
    ]
    found: dict[str, Field] = {}
    for f in [*[f for f in concrete if f.name not in _LAST], *_base(concrete)]:
        use = declared.uses.get(f.name, Use())
        if isinstance(use, Computed) or use.hidden:
            continue
        made = _from_model(f, use, declared, type_keys)
        if made is not None:
            found[made.key] = made
    for key, use in declared.uses.items():
        if isinstance(use, Computed):
            found[key] = _computed(key, use, found, _owners(model))
    return found


def _base(concrete: list[models.Field]) -> list[models.Field]:
    by_name = {f.name: f for f in concrete}
    return [by_name[name] for name in _LAST if name in by_name]


def _companions(model: type[models.Model]) -> Iterator[str]:
    """Columns that belong to another field (the currency of an amount, the type of a link)."""
    for f in model._meta.concrete_fields:
        yield from getattr(f, "companions", lambda: ())()


def _owners(model: type[models.Model]) -> dict[str, str]:
    """The field that each companion column belongs to."""
    return {
        name: f.name for f in model._meta.concrete_fields for name in getattr(f, "companions", lambda: ())()
    }


def _from_model(
    f: models.Field, use: Use, declared: type[RecordType], type_keys: Mapping[type[Record], str]
) -> Field | None:
    kind = kind_of(f)
    if kind is None:
        return None
    to = type_keys.get(f.related_model, "") if f.is_relation and f.related_model else ""
    if f.is_relation and not to:
        return None
    if to:
        kind.to = to  # type: ignore[attr-defined]
    if use.hues:
        kind = type(kind)(**{**kind.options, "hues": dict(use.hues)})
    actions = (use.by_action,) if isinstance(use.by_action, str) and use.by_action else tuple(use.by_action or ())
    required = not f.blank and not f.has_default() and not f.null
    return Field(
        key=f.name, label=use.label or f.verbose_name, kind=kind, path=f.attname, columns=kind.columns(f.attname),
        required=required if use.required is None else use.required, clearable=f.null or f.blank, help=use.help or f.help_text,
        see=use.see, by_action=actions, on_create=use.on_create,
        readonly=use.readonly or f.name in _READONLY, fixed=use.fixed, verb=use.verb or _HANDING.get(f.name, ""),
        default=use.default if use.default is not None else (f.default if f.has_default() and not callable(f.default) else None),
        to=to, only=use.only, keeps=use.keeps, sort_path=_sort_path(f, kind, declared), total=use.total,
    )  # fmt: skip


def _sort_path(f: models.Field, kind: object, declared: type[RecordType]) -> str:
    """The indexed path a list sorts this field by: the title by its folded key, creation by the id (UUIDv7)."""
    if f.name == declared.title:
        return "title_key"
    if f.name == "created_at":
        return "id"
    if f.is_relation or not getattr(kind, "sortable", False):
        return ""
    column = f"{f.name}_base" if f"{f.name}_base" in getattr(f, "companions", lambda: ())() else f.name
    return column if is_indexed(f.model, "workspace", column) else ""


def _computed(key: str, use: Computed, fields: Mapping[str, Field], owners: Mapping[str, str]) -> Field:
    """A computed field; hidden from whoever may not see one of its inputs (`amount_base` is part of `amount`)."""
    inputs = {name.split("__")[0] for name in _inputs(use.expression)}
    groups = {fields[name].see for name in (owners.get(i, i) for i in inputs) if name in fields}
    groups.discard("")
    if len(groups) > 1:
        raise ValueError(f"Computed field {key} mixes the field groups {sorted(groups)}; give its inputs one group.")
    kind = use.kind()
    return Field(
        key=key, label=use.label, kind=kind, source="computed", path=key, columns=(key,), readonly=True,
        see=next(iter(groups), ""), total=use.total, expression=use.expression, help=_("Calculated"),
    )  # fmt: skip


def _inputs(expression: Combinable) -> Iterator[str]:
    """The field names an expression reads."""
    if isinstance(expression, F):
        yield expression.name
    for child in getattr(expression, "get_source_expressions", list)():
        if child is not None:
            yield from _inputs(child)
