"""The help centre in the settings: on or off, its name, its address, and whom to ask when no text helped."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rapport.engines.publishing.models import PublicSite
from rapport.engines.publishing.sites import LONGEST_SLUG, keep_site, site_of, stored_site
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.kinds.email import read_email
from rapport.kernel.kinds.web import read_web
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

HOME = "/settings/help-centre"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def may_set_up(ctx: Context) -> bool:
    """Those who may change roles decide what the world can read."""
    return ctx.viewer.scope("role", "edit") == "all"


@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What is set; on saving, what is wrong with it, or a toast."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not may_set_up(ctx):
        raise Refused(_("Your role does not allow you to set up the help centre."))
    site = site_of(ctx.workspace)
    if request.method != "POST":
        return _page(request, site, {})
    site = stored_site(ctx.workspace)
    errors = _read(request, ctx, site)
    if not errors and not keep_site(site):
        errors["slug"] = _("This address is taken. Choose another one.")
    if errors:
        return _page(request, site, errors)
    note_quietly(ctx, "help_centre_changed", is_on=site.is_on, name=site.name, address=site.slug)
    say(request, _("The help centre is on.") if site.is_on else _("The help centre is off. Nobody outside sees it."))
    return HttpResponseRedirect(HOME)


def _read(request: HttpRequest, ctx: Context, site: PublicSite) -> dict[str, str]:
    """Put what was typed on the site; returns what is wrong with it."""
    given = {key: request.POST.get(key, "").replace("\0", "").strip() for key in ("name", "welcome", "slug", "contact")}
    errors: dict[str, str] = {}
    site.is_on = request.POST.get("is_on") == "1"
    site.name, site.welcome, site.slug = given["name"], given["welcome"], given["slug"].lower()
    site.contact = given["contact"]
    if not site.name or len(site.name) > 80:
        errors["name"] = _("Give it a name of up to 80 characters.")
    if len(site.welcome) > 200:
        errors["welcome"] = _("Keep this under 200 characters.")
    if not _SLUG.fullmatch(site.slug) or not 3 <= len(site.slug) <= LONGEST_SLUG:
        errors["slug"] = _("Use 3 to 60 small letters, digits and hyphens.")
    if site.contact and (address := read_email(site.contact)) is not None:
        site.contact = address
    elif site.contact:
        try:
            site.contact = read_web(site.contact)[:300]
        except Invalid:
            errors["contact"] = _("Give an e-mail address, or a web address such as example.com/contact.")
    return errors


def _page(request: HttpRequest, site: PublicSite, errors: dict[str, str]) -> HttpResponse:
    address = f"{base_url(request)}/help/{site.slug}/" if site.slug else ""
    values = {"site": site, "errors": errors, "address": address, "base": f"{base_url(request)}/help/"}
    return render(request, "help/settings.html", values, status=400 if errors else 200)
