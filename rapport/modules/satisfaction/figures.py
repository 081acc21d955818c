"""Figures of satisfaction per team, owner, queue and month: through the viewer's gate, one indexed query for each grouping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from rapport.engines.rating.desk import Line, Report
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.modules.satisfaction import scales

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST_LINES = 60
_COUNTS = {
    "asked": Count("pk"),
    "answered": Count("score"),
    "csat_n": Count("score", filter=Q(kind="csat")),
    "satisfied": Count("score", filter=Q(kind="csat", score__gte=scales.SATISFIED)),
    "nps_n": Count("score", filter=Q(kind="nps")),
    "promoters": Count("score", filter=Q(kind="nps", score__gte=scales.PROMOTER)),
    "detractors": Count("score", filter=Q(kind="nps", score__lte=scales.DETRACTOR)),
    "ces_n": Count("score", filter=Q(kind="ces")),
    "ces_sum": Sum("score", filter=Q(kind="ces")),
}
Counts = Mapping[str, int]


def report(ctx: Context, first: dt.date, last: dt.date, survey: UUID | None) -> Report:
    """What the viewer may see of everybody asked from `first` to `last`, both included. A rating counts in the month in which
    it was asked for, so that a rate compares the same people."""
    rows = _rows(ctx, first, last, survey)
    where = _where(first, last, survey)
    months = _grouped(rows.annotate(month=TruncMonth("asked_at", tzinfo=ctx.format.zone)), "month")
    whole = {key: sum(one[key] for _group, one in months) for key in _COUNTS}
    groups: list[tuple[str, Sequence[Line]]] = []
    for label, column, type_key in ((_("Team"), "team", "team"), (_("Owner"), "owner", "user"), (_("Queue"), "queue", "queue")):
        found = _grouped(rows, f"{column}_id")[:_MOST_LINES]
        ids = {one for one, _counts in found if isinstance(one, UUID)}
        names = gate.titles(ctx, registry.get(type_key), ids)
        groups.append((label, [_named(ctx, one, counts, names, column, where) for one, counts in found]))
    groups.append((_("Month"), [_month(ctx, cast(dt.datetime, one), counts, first, last, survey) for one, counts in months]))
    info = registry.get("survey")
    surveys = list(gate.visible(ctx, info).order_by("title_key", "pk").values_list("pk", "name")[:200])
    return Report(first, last, survey, surveys, _line(ctx, _("All"), whole, where), groups, scales.FEWEST)


def _rows(ctx: Context, first: dt.date, last: dt.date, survey: UUID | None) -> QuerySet:
    begin, end = (dt.datetime.combine(day, dt.time(), ctx.format.zone) for day in (first, last + dt.timedelta(days=1)))
    rows = gate.visible(ctx, registry.get("survey_answer")).filter(asked_at__gte=begin, asked_at__lt=end)
    return rows.filter(survey_id=survey) if survey is not None else rows


def _grouped(rows: QuerySet, column: str) -> list[tuple[object, Counts]]:
    """(group, its counts), the largest first; months in their order."""
    counted = rows.order_by().values(column).annotate(**_COUNTS)
    found = [(one[column], {key: int(one[key] or 0) for key in _COUNTS}) for one in counted]
    if column == "month":
        return sorted(found, key=lambda one: cast(dt.datetime, one[0]), reverse=True)
    return sorted(found, key=lambda one: (one[0] is None, -one[1]["asked"], str(one[0])))


def _named(
    ctx: Context, group: object, counts: Counts, names: Mapping[UUID, str], column: str, where: str
) -> Line:  # fmt: skip
    if group is None:
        return _line(ctx, _("None"), counts, f"{where} and {column} is empty")
    name = names.get(cast(UUID, group))
    return _line(ctx, str(name) if name is not None else _("Not visible to you"), counts, f"{where} and {column} is {group}")


def _month(
    ctx: Context, month: dt.datetime, counts: Counts, first: dt.date, last: dt.date, survey: UUID | None
) -> Line:  # fmt: skip
    begin = month.astimezone(ctx.format.zone).date()
    end = (begin.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    name = shown_as.month(begin, ctx.format)
    return _line(ctx, name, counts, _where(max(begin, first), min(end, last), survey))


def _where(first: dt.date, last: dt.date, survey: UUID | None) -> str:
    """The same question as a filter of the list of ratings."""
    text = f"asked_at >= {first.isoformat()} and asked_at < {(last + dt.timedelta(days=1)).isoformat()}"
    return f"{text} and survey is {survey}" if survey is not None else text


def _line(ctx: Context, name: str, counts: Counts, where: str) -> Line:
    """The figures of one group; each number leads to the ratings it is made of."""
    one = counts
    figures = {
        "csat": scales.csat(one["satisfied"], one["csat_n"]),
        "nps": scales.nps(one["promoters"], one["detractors"], one["nps_n"]),
        "ces": scales.ces(one["ces_sum"], one["ces_n"]),
    }  # fmt: skip
    rate = 100 * one["answered"] / one["asked"] if one["asked"] >= scales.FEWEST else None
    filters = {"asked": where, "answered": f"{where} and answered_at is not empty"}
    filters |= {key: f"{where} and kind is {key} and answered_at is not empty" for key in figures}
    urls = {key: f"{registry.get('survey_answer').url}?{urlencode({'filter': text})}" for key, text in filters.items()}
    shown = {
        "csat": _percent(figures["csat"], ctx), "nps": _points(figures["nps"], ctx), "ces": _mean(figures["ces"], ctx),
    }  # fmt: skip
    return Line(name, one["asked"], one["answered"], _percent(rate, ctx), **shown, urls=urls)


def _percent(value: float | None, ctx: Context) -> str:
    return "" if value is None else shown_as.percent(round(value), ctx.format)


def _points(value: float | None, ctx: Context) -> str:
    if value is None:
        return ""
    shown = shown_as.number(round(value), ctx.format)
    return f"+{shown}" if round(value) > 0 else shown


def _mean(value: float | None, ctx: Context) -> str:
    return "" if value is None else shown_as.number(Decimal(str(round(value, 1))), ctx.format)
