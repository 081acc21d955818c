"""The workspaces of an account: the list in the corner, going from one to another, making a new one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.kernel.access import events
from rapport.kernel.access.accounts import user_in, users_of
from rapport.kernel.access.current import no_workspace
from rapport.kernel.access.setup import create_workspace
from rapport.kernel.errors import Gone, Invalid
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.signing_in import entering, sessions
from rapport.surfaces.web.toasts import say


@dataclass(frozen=True)
class Place:
    """One workspace of the account."""

    id: UUID
    name: str
    is_here: bool
    is_open: bool


@require_GET
def workspaces(request: HttpRequest) -> HttpResponse:
    """The list, as the menu in the corner or as a page. A session that only a provider vouched for sees what it opens:
    where else the person works is none of that workspace's business."""
    here = request.ctx.workspace.pk  # type: ignore[attr-defined]
    found = []
    for user in users_of(request.user):  # type: ignore[arg-type]
        is_open = entering.counts(request.session, user)
        if is_open or entering.is_local(request):
            found.append(Place(user.workspace_id, user.workspace.name, user.workspace_id == here, is_open))
    values = {
        "places": sorted(found, key=lambda place: place.name.casefold()),
        "may_make": settings.OPEN_WORKSPACES and entering.is_local(request),
        "is_local": entering.is_local(request),
    }
    return render(request, "workspaces/menu.html" if is_part(request) else "workspaces/page.html", values)


@require_POST
def switch(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """Work in another workspace. One that this session does not open asks for its own sign-in first."""
    user = user_in(request.user, workspace_id)  # type: ignore[arg-type]
    if user is None:
        raise Gone(_("This workspace does not exist, or you do not work there."))
    if not entering.counts(request.session, user):
        return HttpResponseRedirect("/sign-in/?" + urlencode({"workspace": str(workspace_id)}))
    if request.session.get(entering.WORKSPACE_KEY) != str(workspace_id):
        request.session[entering.WORKSPACE_KEY] = str(workspace_id)
        events.note("workspace_switched", user=user, address=address_of(request))
    return HttpResponseRedirect("/")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a further workspace, owned by this account, where the operator allows it."""
    if not settings.OPEN_WORKSPACES or not entering.is_local(request):
        raise Gone(_("This installation makes no further workspaces here; ask whoever runs it."))
    ctx = request.ctx  # type: ignore[attr-defined]
    name, error = request.POST.get("name", "").strip()[:120], ""
    if request.method == "POST":
        try:
            if not name:
                raise Invalid(_("Enter the name of the company."))
            with no_workspace():
                workspace, owner = create_workspace(
                    name, owner_name=ctx.viewer.name, email=request.user.email, password="", account=request.user,
                    currency=ctx.workspace.currency, country=ctx.workspace.country, language=ctx.workspace.language,
                    time_zone=ctx.workspace.time_zone,
                )  # fmt: skip
        except Invalid as wrong:
            error = wrong.sentence
        else:
            request.session[entering.WORKSPACE_KEY] = str(workspace.pk)
            events.note("workspace_switched", user=owner, address=address_of(request))
            sessions.note_now(request)
            say(request, _("The workspace “%(name)s” is ready.") % {"name": workspace.name})
            return HttpResponseRedirect("/")
    return render(request, "workspaces/new.html", {"name": name, "error": error}, status=422 if error else 200)
