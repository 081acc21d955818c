"""The portal in the settings: on or off, its name, its address, and who may come in."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rapport.engines.portal.models import PortalSite
from rapport.engines.portal.sites import LONGEST_SLUG, keep_site, site_of
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.context import Context
from rapport.kernel.errors import Refused
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.help.settings_page import may_set_up
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

HOME = "/settings/portal"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What is set; on saving, what is wrong with it, or a toast."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not may_set_up(ctx):
        raise Refused(_("Your role does not allow you to set up the portal."))
    site = site_of(ctx.workspace)
    if request.method != "POST":
        return _page(request, site, {})
    errors = _read(request, site)
    if not errors and not keep_site(site):
        errors["slug"] = _("This address is taken. Choose another one.")
    if errors:
        return _page(request, site, errors)
    note_quietly(ctx, "portal_changed", is_on=site.is_on, is_open=site.is_open, name=site.name, address=site.slug)
    say(request, _("The portal is on.") if site.is_on else _("The portal is off. Nobody outside gets in."))
    return HttpResponseRedirect(HOME)


def _read(request: HttpRequest, site: PortalSite) -> dict[str, str]:
    """Put what was typed on the site; returns what is wrong with it."""
    given = {key: request.POST.get(key, "").replace("\0", "").strip() for key in ("name", "welcome", "slug")}
    errors: dict[str, str] = {}
    site.is_on, site.is_open = request.POST.get("is_on") == "1", request.POST.get("is_open") == "1"
    site.name, site.welcome, site.slug = given["name"], given["welcome"], given["slug"].lower()
    if not site.name or len(site.name) > 80:
        errors["name"] = _("Give it a name of up to 80 characters.")
    if len(site.welcome) > 200:
        errors["welcome"] = _("Keep this under 200 characters.")
    if site.slug and (not _SLUG.fullmatch(site.slug) or not 3 <= len(site.slug) <= LONGEST_SLUG):
        errors["slug"] = _("Use 3 to 60 small letters, digits and hyphens.")
    return errors


def _page(request: HttpRequest, site: PortalSite, errors: dict[str, str]) -> HttpResponse:
    address = f"{base_url(request)}/portal/{site.slug}/" if site.slug else ""
    values = {"site": site, "errors": errors, "address": address, "base": f"{base_url(request)}/portal/"}
    return render(request, "portal/settings.html", values, status=400 if errors else 200)
