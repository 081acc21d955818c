"""What to know of a customer before one calls: how to reach them, what time it is there, what they like."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.words.layouts import shown_fields
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine
from rapport.modules.customers.local_time import local_time

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_WISHES = 4


@slot("record.brief", type_key="customer", order=10)
def reach_them(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Phone to click, the time there, language and birthday; from what the viewer may see of the record."""
    assert info is not None and record is not None
    lines = [*_phone(ctx, info, record), *_time(ctx, info, record), *_language(ctx, info, record), *_birthday(ctx, info, record)]
    return Panel("", "", {"lines": lines})


def _seen(ctx: Context, info: TypeInfo, record: Record, key: str) -> object:
    one = shown_fields(ctx, info).get(key)
    return read_value(record, one) if one is not None else None


def _phone(ctx: Context, info: TypeInfo, record: Record) -> list[BriefLine]:
    found = _seen(ctx, info, record, "phones")
    if not isinstance(found, list) or not found:
        return []
    return [BriefLine("phone", _("Phone"), info.fields["phones"].kind.cell([found[0]], ctx.format))]


def _time(ctx: Context, info: TypeInfo, record: Record) -> list[BriefLine]:
    places = _seen(ctx, info, record, "addresses")
    country = str(places[0].get("country") or "") if isinstance(places, list) and places else ""
    there = local_time(country, ctx.format.now) if country else None
    if there is None:
        return []
    here = ctx.format.now.astimezone(ctx.format.zone)
    clock = shown_as.clock(there.time(), ctx.format)
    same = there.utcoffset() == here.utcoffset()
    late = not 8 <= there.hour < 19
    detail = _("as here") if same else _("outside of office hours") if late else ""
    return [BriefLine("clock", _("Time there"), clock, detail=detail, hue="warn" if late and not same else "")]


def _language(ctx: Context, info: TypeInfo, record: Record) -> list[BriefLine]:
    value = _seen(ctx, info, record, "language")
    if not value:
        return []
    return [BriefLine("globe", _("Language"), info.fields["language"].kind.cell(value, ctx.format))]


def _birthday(ctx: Context, info: TypeInfo, record: Record) -> list[BriefLine]:
    born = _seen(ctx, info, record, "birthday")
    if not isinstance(born, dt.date):
        return []
    day = _next_birthday(born, ctx.format.today)
    away = (day - ctx.format.today).days
    shown = shown_as.date(day, ctx.format)
    return [BriefLine("cake", _("Birthday"), shown_as.capital(shown), hue="warn" if away <= 7 else "")]


def _next_birthday(born: dt.date, today: dt.date) -> dt.date:
    for year in (today.year, today.year + 1):
        try:
            day = born.replace(year=year)
        except ValueError:  # born on 29 February
            day = dt.date(year, 2, 28)
        if day >= today:
            return day
    return day


@slot("record.brief", type_key="customer", order=60)
def what_they_like(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Their preferences, those a role may see."""
    assert record is not None
    preference = registry.get("preference")
    if not gate.allows(ctx, preference, "view"):
        return None
    rows = gate.visible(ctx, preference).filter(customer_id=record.pk)
    page = read_page(ctx, preference, base=rows, fields=("what", "wish"), limit=_WISHES)
    lines = [
        BriefLine("heart", str(row.values.get("what") or _("Preference")), str(row.values["wish"]))
        for row in page.rows
        if row.values.get("wish")
    ]
    return Panel("", "", {"lines": lines})
