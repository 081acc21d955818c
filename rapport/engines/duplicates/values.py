"""Which value each field of the survivor gets: what the person picked, else nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value, settable_fields
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

ONE, OTHER, BOTH = "one", "other", "both"
#: Kinds that hold several entries, or a text that can be joined.
_LISTS = ("email", "phone", "address", "tags", "multichoice")
_TEXTS = ("longtext",)
#: Who works on a record is no fact about it: it changes only when somebody picks it.
_WORKERS = ("owner", "team")


def every_field(ctx: Context, info: TypeInfo) -> dict[str, Field]:
    """All stored fields, whoever may see them."""
    every = {**info.fields, **custom_fields(ctx.workspace, info.key)}
    return {key: one for key, one in every.items() if one.source != "computed" and one.writable}


def pickable(ctx: Context, info: TypeInfo, survivor: Record) -> dict[str, Field]:
    """The fields of which this person may choose the value."""
    found = settable_fields(ctx, info, creating=False)
    return {
        key: one for key, one in found.items()
        if not one.by_action and (not one.verb or gate.may(ctx, info, survivor, one.verb))
    }  # fmt: skip


def can_unite(field: Field) -> bool:
    """Whether two values of the field can stand together."""
    return field.kind.key in _LISTS or field.kind.key in _TEXTS


def default_pick(field: Field, mine: object, theirs: object) -> str:
    """What is chosen for a person before they choose: nothing is lost, and the survivor's word counts."""
    if field.kind.blank(theirs) or field.key in _WORKERS:
        return ONE
    if field.kind.blank(mine):
        return OTHER
    return BOTH if can_unite(field) else ONE


def merged_values(ctx: Context, info: TypeInfo, survivor: Record, loser: Record, picks: Mapping[str, str]) -> dict[str, object]:
    """The values of the survivor that change, by field key."""
    may = pickable(ctx, info, survivor)
    found: dict[str, object] = {}
    for key, field in every_field(ctx, info).items():
        mine, theirs = read_value(survivor, field), read_value(loser, field)
        theirs = _not_itself(field, theirs, survivor.pk, loser.pk)
        wanted = _not_itself(field, mine, survivor.pk, loser.pk)
        picked = picks.get(key) if key in may else None
        if picked not in (ONE, OTHER, BOTH) or (picked == BOTH and not can_unite(field)):
            picked = default_pick(field, wanted, theirs)
        if picked == OTHER and not (field.kind.blank(theirs) and not field.clearable):
            wanted = theirs
        elif picked == BOTH:
            wanted = united(field, wanted, theirs)
        if not same(field, wanted, mine):
            found[key] = wanted
    return found


def _not_itself(field: Field, value: object, survivor_id: UUID, loser_id: UUID) -> object:
    """Neither of the two may point at the other afterwards: a company does not stand above itself."""
    target = value[1] if isinstance(value, tuple) and len(value) == 2 else value
    return None if target in (survivor_id, loser_id) and (field.to or field.kind.key == "anyref") else value


def same(field: Field, one: object, other: object) -> bool:
    """Whether two values are one (both empty counts)."""
    if field.kind.blank(one) or field.kind.blank(other):
        return field.kind.blank(one) and field.kind.blank(other)
    return one == other


def united(field: Field, mine: object, theirs: object) -> object:
    """Both values together: entries of both lists, each once; texts one below the other."""
    if field.kind.blank(mine) or field.kind.blank(theirs):
        return theirs if field.kind.blank(mine) else mine
    if field.kind.key in _TEXTS:
        first, second = str(mine).strip(), str(theirs).strip()
        return first if second in first else f"{first}\n\n{second}"
    return [*entries(mine), *without(entries(theirs), entries(mine))]


def entries(value: object) -> list[object]:
    """The entries of a list value."""
    return list(value or ())  # type: ignore[call-overload]


def without(some: Sequence[object], others: Sequence[object]) -> list[object]:
    """The entries that are not among the others, labels aside."""
    there = {_mark(one) for one in others}
    return [one for one in some if _mark(one) not in there]


def _mark(entry: object) -> str:
    if isinstance(entry, Mapping):
        told = {key: value for key, value in entry.items() if key not in ("label", "raw")}
        return json.dumps(told, sort_keys=True, default=str).casefold()
    return str(entry).casefold()
