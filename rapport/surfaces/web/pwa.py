"""Rapport as an app on phone and desktop: its manifest, its service worker, and the page without a network.

The worker keeps the built scripts and styles and one page that says there is no connection; records are never kept by it.
"""

from __future__ import annotations

import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.templatetags.static import static
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.surfaces.web.assets import asset
from rapport.surfaces.web.shell import render

_ICONS = (
    ("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"), ("icon-maskable-512.png", "512x512", "maskable"),
)  # fmt: skip


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone or desktop needs to install Rapport: name, icons, colours, shortcuts."""
    shortcuts = [(_("Write it down"), "/quick-add"), (_("Today"), "/"), (_("Search"), "/search")]
    made = {
        "id": "/", "name": "Rapport", "short_name": "Rapport", "start_url": "/", "scope": "/", "display": "standalone",
        "description": _("Customers, deals and what to do next"), "lang": get_language() or "en",
        "dir": "rtl" if get_language_bidi() else "ltr", "background_color": "#f6f6f4", "theme_color": "#f6f6f4",
        "categories": ["business", "productivity"],
        "icons": [{"src": static(f"web/{n}"), "sizes": size, "type": "image/png", "purpose": use} for n, size, use in _ICONS],
        "shortcuts": [{"name": name, "url": url} for name, url in shortcuts],
    }  # fmt: skip
    return JsonResponse(made, content_type="application/manifest+json")


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, with the addresses of this build in it; a new build makes browsers fetch it anew."""
    kept = [asset("src/app.css"), asset("src/app.ts"), asset("icons.svg"), static("web/logo.svg"), "/offline"]
    mark = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]
    script = loader.render_to_string("pwa/worker.js", {"kept": json.dumps(kept), "mark": mark})
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown when there is no connection; it names nobody."""
    return render(request, "pwa/offline.html")
