"""The calendar in other programs: the feed at its secret address, and the settings page that makes and ends the address."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.calendar.feeds import end_feed, find_feed, living_feed, renew_feed
from rapport.engines.calendar.ical_writing import write_calendar
from rapport.kernel.access import events
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import context_for
from rapport.surfaces.web.connection import address_of, base_url
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import take_turn, too_many
from rapport.surfaces.web.toasts import say

_LONGEST_SECRET = 100
#: Nothing that a cache, a search engine or the next page should learn of.
_PRIVATE = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}


@require_GET
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar file of whoever this secret belongs to: read anew each time, with what they may see at that moment.

    It stands outside of sign-in and sets no cookie. A wrong, a revoked and a former colleague's address answer alike.
    """
    found = find_feed(secret) if secret.isascii() and len(secret) <= _LONGEST_SECRET else None
    wait = take_turn(request, found.digest if found else "", "calendar" if found else "calendar_guess")
    if wait:
        return _plain(too_many(wait), 429, {"Retry-After": str(wait)})
    if found is None:
        return _gone()
    with use_workspace(found.workspace_id):
        ctx = context_for(found.user, "ical", workspace=found.workspace)
        if not ctx.viewer.rights:
            return _gone()
        with translation.override(ctx.format.language), timezone.override(ctx.format.zone):
            as_events = request.GET.get("tasks") == "events"
            body = write_calendar(ctx, base_url=base_url(request), tasks_as_events=as_events)
    mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if mark in [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponse(status=304, headers={"ETag": mark, **_PRIVATE})
    headers = {"ETag": mark, "Content-Disposition": 'inline; filename="rapport.ics"', **_PRIVATE}
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _gone() -> HttpResponse:
    return _plain("There is no calendar at this address.", 404, {})


def _plain(text: str, status: int, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8", headers={**headers, **_PRIVATE})


@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Whether there is an address, when it was last used; a new one is shown once, on the page that answers its making."""
    user = request.user_record  # type: ignore[attr-defined]
    address = ""
    if request.method == "POST":
        address = f"{base_url(request)}/calendar/feed/{renew_feed(user)}.ics"
        events.note("token_created", user=user, address=address_of(request), is_read_only=True, purpose="calendar")
    return render(request, "settings/calendar.html", {"feed": living_feed(user), "address": address})


@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Make the address worthless at once."""
    user = request.user_record  # type: ignore[attr-defined]
    if end_feed(user):
        events.note("token_revoked", user=user, address=address_of(request), purpose="calendar")
    say(request, _("The address is revoked. Calendars that used it show nothing new."))
    return HttpResponseRedirect("/settings/calendar")
