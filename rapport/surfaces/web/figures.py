"""The strip of key figures: amounts, sums of what belongs to the record, the dates that matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.engines.words.layouts import shown_fields
from rapport.kernel import format as shown_as
from rapport.kernel.query.read import Row
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.related import RelatedPanel

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_DATES = frozenset({"date", "datetime"})
_MOST = 6
#: Fields that say when somebody was last in touch.
_CONTACT = ("last_contact_at", "moved_at")


@dataclass(frozen=True)
class Figure:
    """One figure: what it is, its value, and a quiet remark beside it with its colour."""

    label: str
    value: SafeString | str
    remark: str = ""
    hue: str = ""
    url: str = ""
    on_phone: bool = True


def key_figures(
    ctx: Context, info: TypeInfo, row: Row, panels: Sequence[RelatedPanel], more: Sequence[Figure] = ()
) -> list[Figure]:
    """At most six figures; the first three also stand on a phone. `more` are those that modules add."""
    readable = shown_fields(ctx, info)
    found = [_amount(ctx, f, row) for f in readable.values() if _is_amount(f) and _has(row, f)]
    found += [*more, *[_sums(panel) for panel in panels if panel.total]]
    found += [_next_step(ctx, row)] if "next_step_on" in readable else []
    found += [_touched(ctx, readable[key], row) for key in _CONTACT if key in readable and _has(row, readable[key])]
    dates = [
        f
        for f in readable.values()
        if f.kind.key in _DATES
        and f.source == "column"
        and f.key not in (*_CONTACT, "next_step_on", "updated_at", "created_at")
    ]
    found += [_date(ctx, f, row) for f in dates if _has(row, f)]
    if "created_at" in readable:
        found.append(_added(ctx, row))
    return found[:_MOST]


def _is_amount(field: Field) -> bool:
    """Sums of money, and whatever the type adds up itself."""
    return field.kind.summable and (bool(field.total) or field.kind.key == "money")


def _has(row: Row, field: Field) -> bool:
    return not field.kind.blank(row.values.get(field.key))


def _amount(ctx: Context, field: Field, row: Row) -> Figure:
    return Figure(shown_as.capital(field.label), field.kind.figure(row.values[field.key], ctx.format))


def _sums(panel: RelatedPanel) -> Figure:
    return Figure(panel.label, panel.total, panel.count, url=panel.url)


def _next_step(ctx: Context, row: Row) -> Figure:
    """Days to the next step, red when it is late, amber when there is none."""
    on, what = row.values.get("next_step_on"), row.values.get("next_step")
    if not isinstance(on, dt.date) and not what:
        return Figure(_("Next step"), _("None set"), hue="warn")
    if not isinstance(on, dt.date):
        return Figure(_("Next step"), str(what))
    late = (ctx.format.today - on).days
    shown = shown_as.capital(shown_as.date(on, ctx.format))
    remark = _("%(days)d days late") % {"days": late} if late > 1 else _("a day late") if late == 1 else str(what or "")
    return Figure(_("Next step"), shown, remark, "bad" if late > 0 else "")


def _touched(ctx: Context, field: Field, row: Row) -> Figure:
    at = row.values[field.key]
    assert isinstance(at, dt.datetime)
    return Figure(shown_as.capital(field.label), shown_as.relative(at, ctx.format))


def _date(ctx: Context, field: Field, row: Row) -> Figure:
    value = row.values[field.key]
    on = value.astimezone(ctx.format.zone).date() if isinstance(value, dt.datetime) else value
    assert isinstance(on, dt.date)
    return Figure(shown_as.capital(field.label), shown_as.capital(shown_as.date(on, ctx.format)), on_phone=False)


def _added(ctx: Context, row: Row) -> Figure:
    at = row.values.get("created_at")
    shown = shown_as.date(at.astimezone(ctx.format.zone).date(), ctx.format) if isinstance(at, dt.datetime) else "–"
    return Figure(_("Added"), shown, on_phone=False)
