"""Single sign-on: the way out to the provider and back, and the settings page of a workspace."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.kernel.access import events
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.models import SsoProvider
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import entering, identities, invitations, sso, sso_settings
from rapport.surfaces.web.signing_in.guards import fresh, safe_next
from rapport.surfaces.web.toasts import say

_HERE = "/settings/sso"


@never_cache
@require_GET
def begin(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """Off to the provider of this workspace."""
    row = _provider(workspace_id)
    wait = sign_in_limit.take_turn(request, "", "sso")
    try:
        if wait:
            raise sso.NotVouched(too_many(wait))
        return sso.begin(request, row, safe_next(request))
    except sso.NotVouched as why:
        return _failed(request, why)


@never_cache
@require_GET
def callback(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """Back from the provider: into its workspace, and no other."""
    row = _provider(workspace_id)
    try:
        claims, go_to = sso.complete(request, row)
        account = identities.account_of(row, claims)
    except sso.NotVouched as why:
        events.note("sign_in_failed", workspace_id=row.workspace_id, address=address_of(request), method="sso")
        return _failed(request, why)
    sign_in_limit.forget(request, "", "sso")
    entering.enter(request, account, "sso", sso_workspace=row.workspace_id)
    return HttpResponseRedirect(go_to)


def _provider(workspace_id: UUID) -> SsoProvider:
    with use_workspace(workspace_id):
        row = SsoProvider.objects.select_related("workspace").filter(workspace_id=workspace_id).first()
    if row is None:
        raise Gone(_("There is no single sign-on at this address."))
    return row


def _failed(request: HttpRequest, why: Exception) -> HttpResponse:
    values = {"next": "/", "email": "", "error": str(why), "offers": [], "workspace": ""}
    return render(request, "sign_in/page.html", values, status=422)


@never_cache
@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "POST"])
@fresh
def settings_page(request: HttpRequest) -> HttpResponse:
    """The provider of this workspace: who it is, whom it brings, whether passwords still work."""
    ctx = _owner(request)
    row = SsoProvider.objects.filter(workspace=ctx.workspace).first()
    errors: dict[str, object] = {}
    if request.method == "POST":
        try:
            sso_settings.save(ctx, row, request.POST)
        except Invalid as wrong:
            errors = wrong.errors
        else:
            events.note("sso_changed", user=request.user_record, address=address_of(request))  # type: ignore[attr-defined]
            say(request, _("Saved. Try it in another browser before you rely on it."))
            return HttpResponseRedirect(_HERE)
    values = {
        "row": row,
        "typed": request.POST if errors else sso_settings.typed(ctx, row),
        "errors": errors,
        "roles": invitations.roles_to_give(ctx),
        "callback": sso.callback_url(request, row or SsoProvider(workspace=ctx.workspace)),
        "sign_in_url": sso.callback_url(request, row or SsoProvider(workspace=ctx.workspace)).removesuffix("/callback"),
    }
    return render(request, "settings/sso.html", values, status=422 if errors else 200)


@require_POST
@fresh
def remove(request: HttpRequest) -> HttpResponse:
    """No provider any more: its identities are forgotten, and passwords work for everybody."""
    ctx = _owner(request)
    row = SsoProvider.objects.filter(workspace=ctx.workspace).first()
    if row is None:
        raise Gone(_("There is no single sign-on to remove."))
    sso_settings.forget(row)
    events.note("sso_changed", user=request.user_record, address=address_of(request), removed=True)  # type: ignore[attr-defined]
    say(request, _("Single sign-on is off. People sign in with their own passwords."))
    return HttpResponseRedirect(_HERE)


def _owner(request: HttpRequest) -> Context:
    """Whoever may change every role may decide how people come in; nobody else."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if ctx.viewer.scope("role", "edit") != "all":
        raise Refused(_("Only the owner of the workspace can decide how people sign in."))
    return ctx
