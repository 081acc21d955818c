"""A person's own preferences."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access.models import User
from rapport.surfaces.web.places import is_time_zone, time_zones
from rapport.surfaces.web.shell import THEMES, is_part, render
from rapport.surfaces.web.toasts import say

_YEAR = 365 * 24 * 3600


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the server marks the page before it is painted."""
    wanted = request.POST.get("theme", "")
    came_from = request.headers.get("Referer", "")
    fits = url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponse(status=204) if is_part(request) else HttpResponseRedirect(came_from if fits else "/")
    if wanted in THEMES:
        response.set_cookie("theme", wanted, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Language and time zone of this person."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    errors: dict[str, str] = {}
    if request.method == "POST":
        language, zone = request.POST.get("language", ""), request.POST.get("time_zone", "")
        if language and language not in dict(settings.LANGUAGES):
            errors["language"] = _("Choose one of the languages.")
        if zone and not is_time_zone(zone):
            errors["time_zone"] = _("Choose one of the time zones.")
        if not errors:
            # Everybody may set their own preferences, whatever their role says about users.
            ctx.as_system("preferences").write(
                User.objects.get(pk=user.pk), language=language or None, time_zone=zone or None
            )
            say(request, _("Saved."))
            return HttpResponseRedirect("/settings/account")
    values = {
        "user": user,
        "errors": errors,
        "languages": settings.LANGUAGES,
        "zones": time_zones(),
        "workspace_zone": ctx.workspace.time_zone,
        "email": request.user.email,
    }
    return render(request, "settings/account.html", values, status=422 if errors else 200)
