"""The page for the time of an upgrade: everything answers with it, and no database is asked."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.upgrade.closing import closed_because
from rapport.surfaces.web.shell import render

Respond = Callable[[HttpRequest], HttpResponse]
#: Whether the process lives is asked also now.
_ANSWERED = ("/livez",)
_RETRY_SECONDS = "60"


class ClosedForUpgrade:
    """Answers 503 while the door is closed."""

    def __init__(self, get_response: Respond) -> None:
        """As Django calls middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One look for a file, then on."""
        if not closed_because() or request.path_info in _ANSWERED:
            return self.get_response(request)
        response = _answer(request)
        response.headers["Retry-After"] = _RETRY_SECONDS
        response.headers["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest) -> HttpResponse:
    if request.path_info == "/readyz":
        return HttpResponse("not ready\n", content_type="text/plain", status=503)
    if request.path_info.startswith("/api/"):
        said = {"type": "about:blank", "title": _("Rapport is being upgraded."), "status": 503, "code": "upgrading"}
        return HttpResponse(json.dumps(said), content_type="application/problem+json", status=503)
    return render(request, "closed.html", status=503)
