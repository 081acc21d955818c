"""Settings: the programs that read and write one's calendar, each with its own password, and their end."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from rapport.engines.calendar.devices import MOST, add_device, devices_of, end_device
from rapport.kernel.access import events
from rapport.surfaces.web.caldav.props import ROOT
from rapport.surfaces.web.connection import address_of, base_url
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

_PAGE = "/settings/calendar/devices"


@never_cache
@require_http_methods(["GET", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """The programs; a new one's password is shown once, on the page that answers its making."""
    user = request.user_record  # type: ignore[attr-defined]
    name, secret, problem = "", "", ""
    if request.method == "POST":
        name = " ".join(request.POST.get("name", "").split())[:80]
        if not name:
            problem = _("Give it a name, so that you know it again: “Ana’s phone”.")
        elif len(devices_of(user)) >= MOST:
            problem = _("There are %(most)d programs already; end one that is no longer used.") % {"most": MOST}
        else:
            secret = add_device(user, name)
            events.note("token_created", user=user, address=address_of(request), is_read_only=False, purpose="calendar")
    shown = {
        "devices": devices_of(user), "secret": secret, "name": name, "problem": problem, "server": base_url(request) + ROOT,
        "email": user.account.email if user.account else "",
    }  # fmt: skip
    return render(request, "settings/calendar_devices.html", shown, status=422 if problem else 200)


@require_POST
def revoke(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Make one program's password worthless at once."""
    user = request.user_record  # type: ignore[attr-defined]
    if end_device(user, device_id):
        events.note("token_revoked", user=user, address=address_of(request), purpose="calendar")
    say(request, _("This program can no longer read or write your calendar."))
    return HttpResponseRedirect(_PAGE)
