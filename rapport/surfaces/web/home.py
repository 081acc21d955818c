"""The day: what is due, what comes, what went quiet. The page is a frame; modules fill it through slots."""

from __future__ import annotations

import datetime as dt

from babel import Locale
from babel.dates import format_skeleton
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.slots import panels
from rapport.surfaces.web.shell import is_part, render


def today(request: HttpRequest) -> HttpResponse:
    """The Today page."""
    ctx = request.ctx
    local = ctx.format.now.astimezone(ctx.format.zone)
    locale = shown_as.locale_of(ctx.format.language, ctx.format.country)
    first = ctx.viewer.name.split()[0] if ctx.viewer.name.split() else ctx.viewer.name
    if is_part(request):  # after something was done the panels alone are asked for again
        return render(request, "home_panels.html", {"main": panels(ctx, "home.main"), "aside": panels(ctx, "home.aside")})
    return render(
        request,
        "home.html",
        {
            "hello": greeting(local.hour) % {"name": first},
            "date": long_day(local.date(), locale),
            "main": panels(ctx, "home.main"),
            "aside": panels(ctx, "home.aside"),
            "today": local.date(),
            "week": [local.date() - dt.timedelta(days=local.weekday() - at) for at in range(7)],
            "weekdays": locale.days["stand-alone"]["abbreviated"],
            "later": later_days(local.date(), locale),
        },
    )


def greeting(hour: int) -> str:
    """A greeting that fits the hour."""
    if 5 <= hour < 12:
        return _("Good morning, %(name)s")
    return _("Good afternoon, %(name)s") if 12 <= hour < 18 else _("Good evening, %(name)s")


def long_day(day: dt.date, locale: Locale) -> str:
    """The weekday and date in full: "Sunday 22 November"."""
    return f"{locale.days['stand-alone']['wide'][day.weekday()]} {format_skeleton('MMMMd', day, locale=locale)}"


def later_days(today: dt.date, locale: Locale) -> list[tuple[str, str, str]]:
    """What postponing offers: key, day, and the day in words."""
    tomorrow = today + dt.timedelta(days=1)
    next_week = tomorrow + dt.timedelta(days=7 - tomorrow.weekday())  # on a Sunday the Monday after tomorrow
    return [(key, day.isoformat(), long_day(day, locale)) for key, day in (("tomorrow", tomorrow), ("week", next_week))]
