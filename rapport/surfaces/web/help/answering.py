"""What every page of a help centre has in common: the workspace in force, the language, the frame, the headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation
from django.utils.translation import get_language_bidi, get_language_info

from rapport.engines.publishing.models import PublicSite
from rapport.engines.publishing.sites import open_site
from rapport.kernel.access.current import use_workspace
from rapport.surfaces.web.assets import asset
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.help import addresses

_FRESH = 60
_LONGEST_SLUG = 100
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A view `(request, site, language, …)` of a help centre that is switched on, inside its workspace.

    A help centre that is off, one that never was, a language without a text: all answer alike.
    """

    @wraps(view)
    def answer(request: HttpRequest, site_slug: str, language: str = "", **more: object) -> HttpResponse:
        site = open_site(site_slug) if len(site_slug) <= _LONGEST_SLUG and "\0" not in site_slug else None
        if site is None:
            return missing(request)
        with use_workspace(site.workspace_id):
            if language and language not in site.languages:
                return missing(request)
            shown = language or site.language
            with translation.override(shown if translation.check_for_language(shown) else settings.LANGUAGE_CODE):
                return view(request, site, language, **more)

    return answer


def page(
    request: HttpRequest, site: PublicSite, language: str, template: str, values: Mapping[str, object], *,
    status: int = 200, alternates: Mapping[str, str] | None = None, canonical: str = "",
) -> HttpResponse:  # fmt: skip
    """A page in the frame of the help centre. `alternates`: the same thing in other languages; empty leads to their start."""
    base = base_url(request)
    found = dict(alternates) if alternates is not None else {one: addresses.start(site, one) for one in site.languages}
    given = {
        "site": site, "language": language, "direction": "rtl" if is_rtl(language) else "ltr", "at": addresses,
        "nonce": getattr(request, "csp_nonce", ""), "base": base, "canonical": base + canonical if canonical else "",
        "alternates": {key: base + value for key, value in found.items()} if len(found) > 1 else {},
        "tongues": [(one, name_of(one), found.get(one) or addresses.start(site, one)) for one in site.languages],
        "q": "", "status": status, **values,
    }  # fmt: skip
    return HttpResponse(loader.render_to_string(template, given, request), status=status)


def kept(request: HttpRequest, site: PublicSite, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """A page that browsers and caches may keep for a minute and that is known again afterwards, until something is published.

    Who voted gets their own pages: their cookie is part of the mark, and no cache between keeps those.
    """
    said = request.COOKIES.get(VOTES_COOKIE, "")
    parts = (site.edition, request.get_full_path(), request.headers.get("Accept-Language", ""), said, asset("src/help.css"))
    mark = f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'
    keeping = "private, no-cache" if said else f"public, max-age={_FRESH}"
    headers = {"ETag": mark, "Cache-Control": keeping, "Vary": "Cookie"}
    if mark in [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponse(status=304, headers=headers)
    response = answer()
    if response.status_code == 200:
        for name, value in headers.items():
            response.headers[name] = value
    return response


def missing(request: HttpRequest) -> HttpResponse:
    """There is nothing at this address, or nothing that everybody may read: nobody learns which."""
    text = loader.render_to_string("help/missing.html", {"language": translation.get_language() or "en"}, request)
    return HttpResponse(text, status=404, headers={"X-Robots-Tag": "noindex", "Cache-Control": "no-store"})


def name_of(language: str) -> str:
    """What a language calls itself."""
    try:
        return str(get_language_info(language)["name_local"]).capitalize()
    except KeyError:
        return language


def is_rtl(language: str) -> bool:
    """Whether the texts of a language run from right to left."""
    with translation.override(language):
        return get_language_bidi()


#: Which articles this browser voted on; set with the first vote, and no other cookie is ever set here.
VOTES_COOKIE = "help_votes"
