"""What a visitor booked: when and where, and the ways to move it or to call it off. The token in the address is the key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.engines.booking.models import Booking, PublicBooking
from rapport.engines.booking.receiving import Taken, cancel, move, page_of
from rapport.engines.booking.registry import Standing, keeper
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context, system_context
from rapport.kernel.ids import as_id
from rapport.surfaces.web.booking.pages import SALT, link_of
from rapport.surfaces.web.booking.showing import answer, first_day, format_for, language_of, read_start, some_days, when_text
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.help.answering import missing
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

View = Callable[..., HttpResponse]


def _by_token(view: View) -> View:
    """A view of a booking, inside its workspace and in the language of its page; a token made up finds nothing."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        try:
            workspace_id, booking_id = (as_id(one) for one in signing.loads(token, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            return missing(request)
        if workspace_id is None or booking_id is None:
            return missing(request)
        with use_workspace(workspace_id):
            booking = Booking.objects.filter(workspace_id=workspace_id, pk=booking_id).first()
            page = page_of(booking) if booking is not None else None
            if booking is None or page is None:
                return missing(request)
            with translation.override(language_of(page)):
                return view(request, system_context(page.workspace, "booking"), page, booking)

    return found


@csrf_exempt  # the token in the address is the key, and it opens nothing but this
@require_http_methods(["GET", "HEAD", "POST"])
@_by_token
def shown(request: HttpRequest, ctx: Context, page: PublicBooking, booking: Booking) -> HttpResponse:
    """How it stands. A button calls it off; programs that open every link in a mail do nothing by looking."""
    if request.method == "POST":
        cancel(page.workspace, booking)
        return HttpResponseRedirect(link_of(page, booking.pk), status=303)
    return _show(request, ctx, page, booking, keeper().standing(ctx, booking.meeting_id))


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@_by_token
def moved(request: HttpRequest, ctx: Context, page: PublicBooking, booking: Booking) -> HttpResponse:
    """Other free times; one of them is taken."""
    standing = keeper().standing(ctx, booking.meeting_id)
    if standing is None or standing.start <= ctx.format.now:
        return _show(request, ctx, page, booking, standing)
    sentence, status = "", 200
    start = read_start(request.POST.get("start", "")) if request.method == "POST" else None
    if start is not None:
        if wait := take_turn(request, str(booking.pk), "booking"):
            headers = {"Retry-After": str(wait), "Content-Type": "text/plain; charset=utf-8"}
            return HttpResponse(too_many(wait) + "\n", status=429, headers=headers)
        try:
            move(page, booking, start, lambda pk: base_url(request) + link_of(page, pk))
            return HttpResponseRedirect(link_of(page, booking.pk), status=303)
        except Taken as wrong:
            sentence, status = wrong.sentence, 409
    fmt = format_for(ctx, page, booking.zone)
    today = dt.datetime.now(dt.UTC).astimezone(fmt.zone).date()
    first = first_day(request.GET.get("from", ""), today, int(page.shown["ahead"]))
    days, following = some_days(ctx, page, standing.minutes, first, fmt, besides=booking.meeting_id)
    values = {
        "days": days, "following": following, "is_first": first == today, "zone": booking.zone, "sentence": sentence,
        "here": link_of(page, booking.pk), "when": when_text(standing.start, standing.minutes, fmt),
    }  # fmt: skip
    return answer(request, page, "booking/move.html", values, status=status)


def _show(
    request: HttpRequest, ctx: Context, page: PublicBooking, booking: Booking, standing: Standing | None
) -> HttpResponse:
    fmt = format_for(ctx, page, booking.zone)
    values = {
        "standing": standing, "zone": booking.zone, "here": link_of(page, booking.pk),
        "when": when_text(standing.start, standing.minutes, fmt) if standing else "",
        "is_over": standing is not None and standing.start <= ctx.format.now,
    }  # fmt: skip
    return answer(request, page, "booking/booked.html", values)
