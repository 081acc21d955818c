"""All notices of a person: read one, read all, and what of them comes by mail."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.notices import choices
from rapport.engines.notices.models import NoticeChoice
from rapport.engines.notices.reading import mark_read, one_of, page_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.ids import as_id
from rapport.surfaces.web import digest
from rapport.surfaces.web.notice_words import notice_line
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say, trigger

_PAGE = 50


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Newest first, page by page."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    before = as_id(request.GET.get("before")) if request.GET.get("before") else None
    found, after = page_of(ctx, limit=_PAGE, before=before)
    lines = [notice_line(ctx, one) for one in found]
    return render(request, "notices/page.html", {"lines": lines, "next": after, "unread": any(not one.is_read for one in lines)})


@require_POST
def open_one(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Mark one as read and go where it leads."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    found = one_of(ctx, notice_id)
    if found is None:
        raise Gone(_("This notice is about nothing you can see any more."))
    mark_read(ctx, notice_id)
    return HttpResponseRedirect(found.url)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(request.ctx)  # type: ignore[attr-defined]
    if is_part(request):
        return trigger(HttpResponse(status=204), noticesRead=True)
    return HttpResponseRedirect("/notices")


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What comes by mail."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    assert ctx.viewer.user_id is not None
    error = ""
    if request.method == "POST":
        wanted = request.POST.get("digest", "")
        if wanted in dict(NoticeChoice.DIGESTS):
            choices.choose(
                ctx.workspace,
                ctx.viewer.user_id,
                digest=wanted,
                mentions_now=request.POST.get("mentions") == "1",
                zone=ctx.format.zone,
            )
            say(request, _("Saved."))
            return HttpResponseRedirect("/settings/notices")
        error = _("Choose one of the three.")
    values = {"choice": choices.choice_of(ctx.workspace, ctx.viewer.user_id), "digests": NoticeChoice.DIGESTS, "error": error}
    return render(request, "notices/settings.html", values, status=422 if error else 200)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """No more mails, by the link in one of them, without signing in. A mail program may post to it by itself (RFC 8058);
    a person is asked first, because programs open links to look at them. It can do nothing but end mails."""
    who = digest.read_token(token)
    if who is None:
        return render(request, "notices/unsubscribe.html", {"state": "wrong"}, status=404)
    workspace, user_id = who
    if request.method == "POST":
        with use_workspace(workspace):
            choices.choose(workspace, user_id, digest="never", mentions_now=False)
        return render(request, "notices/unsubscribe.html", {"state": "done"})
    return render(request, "notices/unsubscribe.html", {"state": "ask"})
