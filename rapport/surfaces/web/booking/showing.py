"""What every page of a booking page has in common: its language, the visitor's time zone, the days with their free times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation

from rapport.engines.booking.finding import free_times, known_zone, zone_of
from rapport.engines.booking.models import PublicBooking
from rapport.kernel import format as shown_as
from rapport.kernel.context import Context
from rapport.kernel.kinds.base import Format
from rapport.surfaces.web.help.answering import is_rtl

#: So many days are shown at once.
DAYS = 14
#: A far visitor's day may lie a day before or after the owner's.
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """A free time: as it is sent, and as the visitor reads it."""

    value: str
    text: str


@dataclass(frozen=True)
class Day:
    """A day with its free times, in the visitor's zone."""

    name: str
    slots: list[Slot]


def language_of(page: PublicBooking) -> str:
    """The language of a page."""
    wanted = str(page.shown.get("language") or settings.LANGUAGE_CODE)
    return wanted if translation.check_for_language(wanted) else settings.LANGUAGE_CODE


def visitor_zone(ctx: Context, page: PublicBooking, asked: str) -> str:
    """The zone a visitor chose or their browser named, else that of the page."""
    return known_zone(asked) or zone_of(ctx, page)


def format_for(ctx: Context, page: PublicBooking, zone: str) -> Format:
    """How times are written for a visitor."""
    return Format(language=language_of(page), zone=ZoneInfo(zone), currency=ctx.workspace.currency, country=ctx.workspace.country)


def first_day(asked: str, today: dt.date, ahead: int) -> dt.date:
    """The day the page begins with; whatever was asked, it lies between today and the last that can be booked."""
    try:
        wanted = dt.date.fromisoformat(asked)
    except ValueError:
        wanted = today
    return min(max(wanted, today), today + dt.timedelta(days=ahead))


def days_of(times: Sequence[dt.datetime], fmt: Format) -> list[Day]:
    """Free times by the days of the visitor's calendar."""
    days: dict[dt.date, list[Slot]] = {}
    clocks: dict[dt.date, list[str]] = {}
    for at in times:
        local = at.astimezone(fmt.zone)
        text = shown_as.clock(local.time(), fmt)
        if text in clocks.setdefault(local.date(), []):  # the hour that is shown twice
            text = f"{text} ({local.tzname()})"
        clocks[local.date()].append(text)
        days.setdefault(local.date(), []).append(Slot(at.strftime("%Y-%m-%dT%H:%MZ"), text))
    return [Day(day_name(day, fmt), slots) for day, slots in days.items()]


def day_name(day: dt.date, fmt: Format) -> str:
    """A day with its weekday."""
    return shown_as.full_date(day, fmt)


def when_text(start: dt.datetime, minutes: int, fmt: Format) -> str:
    """A meeting's time in the visitor's zone, from and to."""
    first = start.astimezone(fmt.zone)
    last = (start + dt.timedelta(minutes=minutes)).astimezone(fmt.zone)
    clocks = f"{shown_as.clock(first.time(), fmt)} – {shown_as.clock(last.time(), fmt)}"
    return f"{day_name(first.date(), fmt)}, {clocks}"


def read_start(text: str) -> dt.datetime | None:
    """A moment as the page sends it; None for what is none."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def some_days(
    ctx: Context, page: PublicBooking, minutes: int, first: dt.date, fmt: Format, *, besides: object = None
) -> tuple[list[Day], dt.date | None]:
    """Free times of two weeks from a day of the visitor's calendar on, and where the next two begin."""
    until = first + dt.timedelta(days=DAYS)
    found = free_times(ctx, page, minutes, first - _DAY, until + _DAY, besides=besides)
    shown = [at for at in found if first <= at.astimezone(fmt.zone).date() < until]
    last = dt.datetime.now(dt.UTC) + dt.timedelta(days=int(page.shown["ahead"]))
    return days_of(shown, fmt), until if until <= last.astimezone(fmt.zone).date() else None


def all_zones() -> list[str]:
    """Time zones to choose from."""
    return sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix", "right")))


def answer(
    request: HttpRequest, page: PublicBooking, template: str, values: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """One page, kept by nobody and found by no search engine."""
    language = language_of(page)
    given = {
        "page": page.shown, "at": f"/book/{page.key}", "company": page.workspace.name, "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr", **values,
    }  # fmt: skip
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    return HttpResponse(loader.render_to_string(template, given, request), status=status, headers=headers)
