"""The bell: what modules want the viewer to know now (reminders), asked for after the page has loaded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.kernel.context import Context
from rapport.kernel.slots import panels
from rapport.surfaces.web.shell import is_part, render


@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with its count and menu; as a page of its own for those without script."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    found = panels(ctx, "bell")
    count = sum(int(panel.count or 0) for panel in found)
    return render(request, "parts/bell.html" if is_part(request) else "bell_page.html", {"found": found, "count": count})
