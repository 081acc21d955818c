"""Calls on the screen: who it is that rings, and the settings of the telephone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.telephony.hearing import close, going_on, may_tell
from rapport.engines.telephony.models import LiveCall
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.kinds.phone import national
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.shell import is_part, render

#: The browsers in which somebody wants to see calls carry this.
COOKIE = "calls"
_YEAR = 365 * 24 * 3600
_LATEST = 20


@dataclass(frozen=True)
class Shown:
    """A call as the viewer may see it."""

    call: LiveCall
    state: str
    who: str
    number: str
    url: str
    #: Where a stranger is made a person; "" for who is known.
    new_url: str = ""


@require_GET
def ringing(request: HttpRequest) -> HttpResponse:
    """Calls for the viewer's telephone, asked for every few seconds while the page is in sight; 204 when there are none."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    found = shown(ctx, going_on(ctx))
    if not found and is_part(request):
        return HttpResponse(status=204)
    return render(request, "calls/ringing.html" if is_part(request) else "calls/page.html", {"calls": found})


@require_POST
def close_call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Take a call off the screen."""
    close(request.ctx, call_id)  # type: ignore[attr-defined]
    return HttpResponse(status=204) if is_part(request) else HttpResponseRedirect("/calls/ringing")


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Whether this browser shows calls; for who may, the telephones, what the telephone system sends, and the latest calls."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if request.method == "POST":
        response = HttpResponseRedirect("/settings/telephone")
        if request.POST.get("show") == "yes":
            response.set_cookie(
                COOKIE, "on", max_age=_YEAR, samesite="Lax", httponly=True, secure=django_settings.SESSION_COOKIE_SECURE
            )
        else:
            response.delete_cookie(COOKIE)
        return response
    may = may_tell(ctx)
    info = registry.get("phone_line")
    lines = list(gate.visible(ctx, info).select_related("user").order_by("title_key", "pk")[:200]) if may else []
    latest: list[LiveCall] = []
    if may:
        latest = list(LiveCall.objects.filter(workspace_id=ctx.workspace.pk).order_by("-started_at")[:_LATEST])
    values = {
        "shows": request.COOKIES.get(COOKIE) == "on", "may": may, "may_add": gate.allows(ctx, info, "create"), "lines": lines,
        "latest": shown(ctx, latest), "address": request.build_absolute_uri("/api/v1/calls"),
    }  # fmt: skip
    return render(request, "settings/telephone.html", values)


def shown(ctx: Context, calls: list[LiveCall]) -> list[Shown]:
    """Calls with the names the viewer may see, in one query per type."""
    titles: dict[UUID, str] = {}
    for key in {one.record_type for one in calls if one.record_type in registry}:
        ids = {one.record_id for one in calls if one.record_type == key and one.record_id}
        titles |= {pk: str(title) for pk, title in gate.titles(ctx, registry.get(key), ids).items()}
    return [_one(ctx, call, titles) for call in calls]


def _one(ctx: Context, call: LiveCall, titles: dict[UUID, str]) -> Shown:
    number = national(call.number_key) if call.number_key.startswith("+") else call.number
    state = str(dict(LiveCall.STATES)[call.state])
    title = titles.get(call.record_id) if call.record_id else None
    if title is not None and call.record_id is not None:
        return Shown(call, state, title, number, registry.get(call.record_type).record_url(call.record_id))
    is_stranger = bool(number) and call.record_id is None
    return Shown(call, state, number or _("Unknown number"), "", "", _new_url(ctx, call) if is_stranger else "")


def _new_url(ctx: Context, call: LiveCall) -> str:
    """Where somebody with this number is added, when the viewer may do that."""
    info = registry.get("customer")
    if not gate.allows(ctx, info, "create") or "phones" not in gate.fields(ctx, info, edit=True):
        return ""
    return f"{info.url}new?" + urlencode({"kind": "person", "phones": call.number_key or call.number})
