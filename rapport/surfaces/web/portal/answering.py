"""What every page of a portal has in common: the workspace in force, the guest, the cookie, the frame, the headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.utils import timezone, translation

from rapport.engines.portal.entering import SESSION_LIVES, guest_with
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.engines.portal.registry import sections_for
from rapport.engines.portal.sites import open_site
from rapport.engines.publishing import inside
from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Gone
from rapport.surfaces.web.help.answering import is_rtl, missing

#: The cookie of a guest's session; it goes to this portal's addresses only, and the app's does not count here.
COOKIE = "portal_session"
_SALT = "rapport.portal.session"
_LONGEST_SLUG = 100
View = Callable[..., HttpResponse]


def start(site: PortalSite) -> str:
    """Where the portal begins."""
    return f"/portal/{quote(site.slug)}/"


def public(view: View) -> View:
    """A view `(request, site, …)` of a portal that is switched on, inside its workspace, for whoever comes."""

    @wraps(view)
    def answer(request: HttpRequest, site_slug: str, **more: object) -> HttpResponse:
        site = open_site(site_slug) if len(site_slug) <= _LONGEST_SLUG and "\0" not in site_slug else None
        if site is None:
            return missing(request)
        with use_workspace(site.workspace_id), _speaking(site.workspace.language, site.workspace.time_zone):
            try:
                return view(request, site, **more)
            except Gone:
                return missing(request)

    return answer


def signed_in(view: View) -> View:
    """A view `(request, site, guest, account, …)` for a guest; everybody else is led to the entrance."""

    @wraps(view)
    @public
    def answer(request: HttpRequest, site: PortalSite, **more: object) -> HttpResponse:
        found = who(request, site)
        if found is None:
            return HttpResponseRedirect(start(site) + "enter", headers={"Cache-Control": "no-store"})
        guest, account = found
        with _speaking(guest.language, site.workspace.time_zone):
            return view(request, site, guest, account, **more)

    return answer


def _speaking(language: str, zone: str) -> ExitStack:
    """The language of whoever reads, as far as there is one, and the zone of the company."""
    stack = ExitStack()
    known = next((one for one in (language, language[:2]) if one and translation.check_for_language(one)), settings.LANGUAGE_CODE)
    stack.enter_context(translation.override(known))
    stack.enter_context(timezone.override(zone or "UTC"))
    return stack


def who(request: HttpRequest, site: PortalSite) -> tuple[Guest, PortalAccount] | None:
    """The guest whose cookie this is."""
    secret = secret_of(request, site)
    return guest_with(site.workspace, secret) if secret else None


def secret_of(request: HttpRequest, site: PortalSite) -> str:
    """The session's secret out of the cookie, if it was made here for this workspace."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=int(SESSION_LIVES.total_seconds()))
    except signing.BadSignature:
        return ""
    ours = isinstance(found, list) and len(found) == 2 and found[0] == site.workspace_id.hex
    return str(found[1]) if ours else ""


def with_cookie(response: HttpResponse, site: PortalSite, secret: str) -> HttpResponse:
    """Hand the browser its session."""
    response.set_cookie(
        COOKIE, signing.dumps([site.workspace_id.hex, secret], salt=_SALT), max_age=int(SESSION_LIVES.total_seconds()),
        httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, path=start(site),
    )  # fmt: skip
    return response


def without_cookie(response: HttpResponse, site: PortalSite) -> HttpResponse:
    """Take it away."""
    response.delete_cookie(COOKIE, path=start(site), samesite="Lax")
    return response


def page(
    request: HttpRequest, site: PortalSite, template: str, values: Mapping[str, object], *, guest: Guest | None = None,
    here: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """A page in the frame of the portal. Nobody keeps it, no search engine lists it, and no link out tells where it was."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    given = {
        "site": site, "guest": guest, "base": start(site), "here": here, "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr", "sections": sections_for(guest) if guest else [],
        "has_articles": bool(guest and inside.language_for(site.workspace, guest.language)), **values,
    }  # fmt: skip
    return sealed(HttpResponse(loader.render_to_string(template, given, request), status=status))


def sealed(response: HttpResponse) -> HttpResponse:
    """The headers of everything here."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
