"""The properties of a record page: the fields of the declared sections, and which can be edited there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from rapport.engines.words.layouts import late, layout_of
from rapport.kernel.access import gate
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.format import capital
from rapport.kernel.kinds.mentions import chips
from rapport.kernel.query.read import Row
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.controls import sections_in_force

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Long values get a line of their own.
_BLOCKS = frozenset({"longtext"})


@dataclass(frozen=True)
class Property:
    """One field with its value as HTML; `is_saved` flashes it, `is_empty` lets the page fold it away."""

    key: str
    label: str
    html: SafeString | str
    text: str
    is_editable: bool
    is_empty: bool
    is_block: bool = False
    is_saved: bool = False


@dataclass(frozen=True)
class PropertyGroup:
    """A titled section of properties."""

    label: str
    properties: list[Property]


def property_of(ctx: Context, field: Field, value: object, *, editable: bool, saved: bool = False) -> Property:
    """One property; its titles have been loaded."""
    is_block = field.kind.key in _BLOCKS and bool(value)
    html = chips(field.kind.text(value, ctx.format)) if is_block else field.kind.cell(value, ctx.format)
    label = str(field.label)
    return Property(
        field.key, capital(label), html, field.kind.text(value, ctx.format) if not field.to else "",
        editable, field.kind.blank(value), is_block, saved,
    )  # fmt: skip


def property_groups(ctx: Context, info: TypeInfo, row: Row, *, may_edit: bool) -> list[PropertyGroup]:
    """The sections of the viewer's layout or of the declaration, then the company's own fields and those that came after
    the layout; the title stands in the header."""
    readable, layout = gate.fields(ctx, info), layout_of(ctx, info)
    settable = settable_fields(ctx, info, creating=False) if may_edit else {}
    placed: set[str] = {info.declared.title}
    found: list[PropertyGroup] = []
    for label, part in sections_in_force(info, layout):
        keys = [k for k in part if k in readable and k not in placed]
        placed.update(keys)
        found.append(_group(ctx, label, keys, readable, settable, row))
    after = set(late(info, layout, readable)) if layout else set()
    left_out = layout.left_out if layout else frozenset()
    own = [k for k, f in readable.items() if k not in placed and (k in after or (f.source == "custom" and k not in left_out))]
    if own:
        found.append(_group(ctx, "", own, readable, settable, row))
    return [group for group in found if group.properties]


def _group(
    ctx: Context, label: str, keys: list[str], readable: Mapping[str, Field], settable: Mapping[str, Field], row: Row
) -> PropertyGroup:
    shown = [
        property_of(ctx, readable[k], row.values.get(k), editable=k in settable)
        for k in keys
        if k in settable or not readable[k].kind.blank(row.values.get(k))
    ]
    return PropertyGroup(label, shown)
