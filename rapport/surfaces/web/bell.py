"""The bell: unread notices and what modules want the viewer to know now (reminders), asked for after the page has loaded.

The page asks again every minute while it is in sight. The answer carries a mark of what it says, and when nothing is
new the answer is 304 and two queries: the last unread notice, and the reminders.
"""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_GET

from rapport.engines.notices.reading import MOST_COUNTED, mark_of, page_of
from rapport.kernel.context import Context
from rapport.kernel.slots import Panel, panels
from rapport.surfaces.web.notice_words import notice_line
from rapport.surfaces.web.shell import is_part, render

_MOST = 12


@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with its count and menu; as a page of its own for those without script."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    found = panels(ctx, "bell")
    unread, last = mark_of(ctx)
    # The forms in the menu carry a token that ends with the session: a browser must not keep them beyond it.
    get_token(request)
    mark = _mark(ctx, found, unread, last, str(request.META.get("CSRF_COOKIE", "")))
    if is_part(request) and request.headers.get("If-None-Match") == mark:
        return _kept(HttpResponse(status=304), mark)
    lines = [notice_line(ctx, one) for one in page_of(ctx, limit=_MOST, unread=True)[0]] if unread else []
    # What stopped being visible is not counted; beyond the menu's length the capped number stands.
    news = unread if unread > _MOST else len(lines)
    count = news + sum(int(panel.count or 0) for panel in found)
    shown = f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)
    values = {"found": found, "count": count, "shown": shown, "lines": lines, "said": mark}
    return _kept(render(request, "parts/bell.html" if is_part(request) else "bell_page.html", values), mark)


def _mark(ctx: Context, found: list[Panel], unread: int, last: str, token: str) -> str:
    """Another text whenever the bell would say something else; rights count too."""
    said = [(str(panel.title), repr(panel.values)) for panel in found]
    who = (ctx.viewer.user_id, ctx.viewer.preview_of, ctx.format.language, token)
    parts = (who, ctx.workspace.access_version, unread, last, said)
    return '"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:32] + '"'


def _kept(response: HttpResponse, mark: str) -> HttpResponse:
    response.headers["ETag"] = mark
    response.headers["Cache-Control"] = "private, no-cache"
    return response
