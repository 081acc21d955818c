"""The HTML of a message with its pictures, after somebody asked for them: on a page of its own, the only one that loads
anything from elsewhere."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.foreign_html import sanitise
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import panels
from rapport.surfaces.web.middleware import policy
from rapport.surfaces.web.shell import render


@require_GET
def whole(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Show it; a type without HTML, a stranger's record and none at all answer alike."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    record = gate.get(ctx, info, record_id)
    found = panels(ctx, "record.html", info, record)
    if not found:
        raise Gone("This page does not exist.")
    clean = sanitise(str(found[0].values["html"]), pictures=True)
    values = {"info": info, "record": record, "clean": clean, "title": found[0].title}
    response = render(request, "record/foreign.html", values)
    own = policy(request.csp_nonce)  # type: ignore[attr-defined]
    response.headers["Content-Security-Policy"] = own.replace("img-src 'self'", "img-src https: http: 'self'")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
