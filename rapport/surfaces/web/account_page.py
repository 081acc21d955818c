"""A person's own preferences and the tokens of programs that work in their name."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access.models import ApiToken, User
from rapport.kernel.access.tokens import create_token
from rapport.kernel.errors import Gone
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


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's living tokens; a new one is shown once, on the page that answers its making."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    secret, error = "", ""
    if request.method == "POST":
        name = request.POST.get("name", "").strip()[:120]
        if name:
            secret = create_token(user, name)
        else:
            error = _("Give the token a name, such as the program that uses it.")
    rows = ApiToken.objects.filter(workspace=ctx.workspace, user=user, revoked_at=None).order_by("-created_at")
    return render(
        request, "settings/tokens.html", {"rows": rows, "secret": secret, "error": error}, status=422 if error else 200
    )


@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Make one of the person's own tokens worthless at once."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    mine = ApiToken.objects.filter(pk=token_id, workspace=ctx.workspace, user=user, revoked_at=None)
    if not mine.update(revoked_at=timezone.now()):
        raise Gone(_("This token does not exist, or it was revoked already."))
    say(request, _("Token revoked. Programs that used it are signed out."))
    return HttpResponseRedirect("/settings/tokens")
