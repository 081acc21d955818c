"""Rows of a list as its cells show them now, and as texts for the clipboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.engines.exports.formulas import defended
from rapport.kernel.access import gate
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.kinds.markup import avatar
from rapport.kernel.query import read
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def json_of(one: Field, value: object) -> object:
    """A value in the shape that the page's undo hands back."""
    return one.kind.to_json(value) if value is not None else None


def editable(ctx: Context, info: TypeInfo) -> frozenset[str]:
    """The columns whose cells can be changed in the list."""
    return frozenset(settable_fields(ctx, info, creating=False)) if gate.allows(ctx, info, "edit") else frozenset()


def shown_rows(ctx: Context, info: TypeInfo, ids: Iterable[UUID], columns: Sequence[str]) -> dict[str, dict[str, object]]:
    """By id: version and the HTML of each column asked for; what the viewer may not see is not there."""
    wanted = list(dict.fromkeys(ids))
    fields = read.pick_fields(ctx, info, columns)
    rows = read.read_ids(ctx, info, wanted, [f.key for f in fields]) if wanted else {}
    read.load_titles(ctx, rows.values(), fields)
    return {
        str(pk): {"version": row.version, "cells": {f.key: _cell(ctx, info, f, row) for f in fields}} for pk, row in rows.items()
    }


def _cell(ctx: Context, info: TypeInfo, one: Field, row: read.Row) -> str:
    if one.key != info.declared.title:
        return str(conditional_escape(one.kind.cell(row.values[one.key], ctx.format)))
    return str(title_html(info, one.kind.text(row.values[one.key], ctx.format), row))


def title_html(info: TypeInfo, title: str, row: read.Row) -> SafeString:
    """The inside of the first cell of a row: mark and link."""
    name = title or _("Without a name")
    mark = SafeString(avatar(name, read.mark_shape(info, row.is_person)))
    return format_html(
        '<span class="row">{}<a class="trunc m" href="{}" tabindex="-1">{}</a></span>', mark, info.record_url(row.id), name
    )


def texts_of(ctx: Context, info: TypeInfo, ids: Sequence[UUID], columns: Sequence[str]) -> list[list[str]]:
    """The cells as texts that a spreadsheet takes and that the same cells read back, in the order asked for."""
    fields = {f.key: f for f in read.pick_fields(ctx, info, columns)}
    rows = read.read_ids(ctx, info, ids, list(fields)) if ids else {}
    read.load_titles(ctx, rows.values(), list(fields.values()))
    return [
        [
            defended(fields[key].kind.text(rows[pk].values[key], ctx.format)) if pk in rows and key in fields else ""
            for key in columns
        ]
        for pk in ids
    ]
