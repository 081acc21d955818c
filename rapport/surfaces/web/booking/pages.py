"""Booking with somebody: the free times, then a form for the one that was chosen. Works without script and sets no cookie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import wraps
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from rapport.engines.booking.finding import open_page
from rapport.engines.booking.models import PublicBooking
from rapport.engines.booking.receiving import Taken, book, questions_for
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Invalid
from rapport.surfaces.web.booking.showing import (
    all_zones,
    answer,
    first_day,
    format_for,
    language_of,
    read_start,
    some_days,
    visitor_zone,
    when_text,
)
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.forms.pages import TRAP, token_for, token_holds
from rapport.surfaces.web.help.answering import missing
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

SALT = "rapport.booking"
_LONGEST_KEY = 40
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A view of an open page, inside its workspace and in its language; closed, deleted and never made answer alike."""

    @wraps(view)
    def shown(request: HttpRequest, key: str) -> HttpResponse:
        page = open_page(key) if len(key) <= _LONGEST_KEY and key.isascii() else None
        if page is None:
            return missing(request)
        with use_workspace(page.workspace_id), translation.override(language_of(page)):
            return view(request, system_context(page.workspace, "booking"), page)

    return shown


@require_safe
@public
def times(request: HttpRequest, ctx: Context, page: PublicBooking) -> HttpResponse:
    """The free times of two weeks, in the visitor's zone."""
    zone = visitor_zone(ctx, page, request.GET.get("tz", ""))
    fmt, minutes = format_for(ctx, page, zone), _minutes(page, request.GET.get("minutes", ""))
    today = dt.datetime.now(dt.UTC).astimezone(fmt.zone).date()
    first = first_day(request.GET.get("from", ""), today, int(page.shown["ahead"]))
    days, following = some_days(ctx, page, minutes, first, fmt)
    values = {
        "days": days, "minutes": minutes, "zone": zone, "zones": all_zones(), "following": following, "is_first": first == today,
        "is_asked": bool(request.GET.get("tz")), "first": first.isoformat(),
    }  # fmt: skip
    return answer(request, page, "booking/times.html", values)


@csrf_exempt  # there is no session that a foreign page could borrow; see the token
@require_http_methods(["GET", "HEAD", "POST"])
@public
def form(request: HttpRequest, ctx: Context, page: PublicBooking) -> HttpResponse:
    """Who it is and what it is about; then the booking. A time that was taken meanwhile costs nothing that was typed."""
    asked = request.POST if request.method == "POST" else request.GET
    start, minutes = read_start(asked.get("start", "")), _minutes(page, asked.get("minutes", ""))
    zone = visitor_zone(ctx, page, asked.get("tz", ""))
    if start is None:
        return HttpResponseRedirect(f"/book/{page.key}")
    given = {one.key: request.POST.get(one.key, "").replace("\0", "") for one in questions_for(page)}
    ask = _Asked(start, minutes, zone, given)
    if request.method != "POST":
        return _form(request, ctx, page, ask)
    if request.POST.get(TRAP):
        return HttpResponseRedirect(f"/book/{page.key}", status=303)
    if not token_holds(page, request.POST.get("token", "")):
        return _form(request, ctx, page, ask, is_again=True)
    if wait := take_turn(request, page.key, "booking"):
        headers = {"Retry-After": str(wait), "Content-Type": "text/plain; charset=utf-8"}
        return HttpResponse(too_many(wait) + "\n", status=429, headers=headers)
    base = base_url(request)
    try:
        made = book(page, given, start=start, minutes=minutes, zone=zone, link=lambda pk: base + link_of(page, pk))
    except Taken as wrong:
        return _form(request, ctx, page, ask, taken=wrong.sentence, status=409)
    except Invalid as wrong:
        return _form(request, ctx, page, ask, errors=wrong.errors or {"name": wrong.sentence}, status=422)
    return HttpResponseRedirect(link_of(page, made.pk), status=303)


class _Asked:
    """What a visitor has chosen and typed so far."""

    def __init__(self, start: dt.datetime, minutes: int, zone: str, values: Mapping[str, str]) -> None:
        self.start, self.minutes, self.zone, self.values = start, minutes, zone, values


def _form(
    request: HttpRequest, ctx: Context, page: PublicBooking, ask: _Asked, *, errors: Mapping[str, object] | None = None,
    taken: str = "", is_again: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    fmt = format_for(ctx, page, ask.zone)
    others = []
    if taken:
        today = dt.datetime.now(dt.UTC).astimezone(fmt.zone).date()
        first = max(ask.start.astimezone(fmt.zone).date() - dt.timedelta(days=1), today)
        others = some_days(ctx, page, ask.minutes, first, fmt)[0][:5]
    values = {
        "questions": questions_for(page), "values": ask.values, "errors": errors or {}, "is_again": is_again, "taken": taken,
        "others": others, "trap": TRAP, "token": token_for(page, request.POST.get("token", "")), "zone": ask.zone,
        "start": ask.start.strftime("%Y-%m-%dT%H:%MZ"), "minutes": ask.minutes, "when": when_text(ask.start, ask.minutes, fmt),
    }  # fmt: skip
    return answer(request, page, "booking/form.html", values, status=status)


def _minutes(page: PublicBooking, asked: str) -> int:
    lengths: list[int] = page.shown["lengths"]
    return next((one for one in lengths if str(one) == asked), lengths[0])


def link_of(page: PublicBooking, booking_id: UUID) -> str:
    """The secret address of a booking: signed, so that none can be made up."""
    return f"/booking/{signing.dumps([page.workspace_id.hex, booking_id.hex], salt=SALT)}"
