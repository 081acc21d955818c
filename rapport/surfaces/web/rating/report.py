"""Service, Satisfaction: figures per team, owner, queue and month, each leading to the ratings behind it."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.rating.desk import desk
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.shell import render

PERIODS = {
    "30": gettext_lazy("Last 30 days"), "90": gettext_lazy("Last 90 days"), "365": gettext_lazy("Last 12 months"),
}  # fmt: skip
_USUAL = "90"
#: No longer period at once.
_MOST_DAYS = 800


@require_GET
def satisfaction(request: HttpRequest) -> HttpResponse:
    """The figures of a period and a survey, from the address."""
    return _page(request)


@require_POST
def rest(request: HttpRequest) -> HttpResponse:
    """How often one person may be asked."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    days, nps_days = (_number(request.POST.get(key, "")) for key in ("days", "nps_days"))
    try:
        desk().set_rest(ctx, days, nps_days)
    except Invalid as problem:
        typed = {"days": request.POST.get("days", ""), "nps_days": request.POST.get("nps_days", "")}
        return _page(request, wrong=problem.sentence, typed=typed)
    return done(request, _("Saved."), "/satisfaction")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _page(request: HttpRequest, *, wrong: str = "", typed: dict[str, str] | None = None) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(desk().type)
    if not gate.allows(ctx, info, "view"):
        raise Refused(_("Your role does not allow you to see ratings, so there is nothing here for you."))
    period = request.GET.get("period", "")
    survey = as_id(request.GET.get("survey", ""))
    first, last, odd = _period(ctx, request)
    may_set = ctx.viewer.scope("survey", "edit") == "all"
    rests = desk().rest(ctx.workspace)
    values = {
        "report": desk().report(ctx, first, last, survey), "periods": PERIODS, "info": info, "may_set": may_set,
        "period": period if period in (*PERIODS, "own") else _USUAL, "odd": odd, "wrong": wrong,
        "rest": typed or {"days": rests.days, "nps_days": rests.nps_days},
    }  # fmt: skip
    return render(request, "rating/report.html", values, status=422 if wrong else 200)


def _period(ctx: Context, request: HttpRequest) -> tuple[dt.date, dt.date, str]:
    """First and last day, and what is wrong with the days that were typed."""
    today = ctx.format.today
    period = request.GET.get("period", _USUAL)
    if period == "own" and "first" in request.GET:
        try:
            first, last = (dt.date.fromisoformat(request.GET.get(key, "")) for key in ("first", "last"))
        except ValueError:
            return today - dt.timedelta(days=89), today, _("Choose a first and a last day.")
        if first > last or (last - first).days > _MOST_DAYS or not 1990 <= first.year <= 2200 >= last.year:
            return today - dt.timedelta(days=89), today, _("Choose a first day before the last, at most two years apart.")
        return first, last, ""
    days = int(period) if period in PERIODS else int(_USUAL)
    return today - dt.timedelta(days=days - 1), today, ""
