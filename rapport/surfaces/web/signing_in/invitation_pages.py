"""Inviting people, and coming in by an invitation."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import events, gate
from rapport.kernel.access.models import Account, User
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Gone, Invalid
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of, base_url
from rapport.surfaces.web.models import Invitation
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import entering, invitations
from rapport.surfaces.web.signing_in.passwords import wrong_password
from rapport.surfaces.web.signing_in.providers import offers_for
from rapport.surfaces.web.toasts import say

_HERE = "/settings/people/invite"


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody by mail: a new colleague, or one whose records are here already (`?user=`)."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    invitations.demand_may_invite(ctx)
    user = _without_account(ctx, request.POST.get("user") or request.GET.get("user"))
    errors: dict[str, object] = {}
    link = ""
    if request.method == "POST":
        try:
            made, secret = invitations.invite(
                ctx, email=request.POST.get("email", "")[:254], name=user.name if user else request.POST.get("name", ""),
                role_id=request.POST.get("role", ""), team_id=request.POST.get("team", ""), user=user,
            )  # fmt: skip
        except Invalid as wrong:
            errors = wrong.errors
        else:
            events.note("invited", user=request.user_record, address=address_of(request))  # type: ignore[attr-defined]
            link = _hand_over(request, ctx, made, secret)
            if not link:
                return HttpResponseRedirect(_HERE)
    return _show(request, ctx, user=user, errors=errors, link=link)


def _hand_over(request: HttpRequest, ctx: Context, made: Invitation, secret: str) -> str:
    """Mail the link; where mail reaches nobody, return it for the inviter to pass on."""
    link = f"{base_url(request)}/sign-in/invitation/{secret}"
    if invitations.deliver(ctx, made, link):
        say(request, _("An invitation is on its way to %(email)s.") % {"email": made.email})
        return ""
    return link


def _show(
    request: HttpRequest, ctx: Context, *, user: User | None = None, errors: dict[str, object] | None = None, link: str = ""
) -> HttpResponse:
    roles = invitations.roles_to_give(ctx)
    names = {role.pk: role.name for role in roles}
    values = {
        "user": user,
        "errors": errors or {},
        "typed": request.POST if errors else {},
        "link": link,
        "mail_works": settings.MAIL_REACHES_PEOPLE,
        "roles": roles,
        "teams": list(gate.visible(ctx, registry.get("team")).order_by("name")),
        "rows": [(row, names.get(row.role_id, "")) for row in invitations.open_in(ctx)],
    }
    return render(request, "people/invite.html", values, status=422 if errors else 200)


def _without_account(ctx: Context, user_id: object) -> User | None:
    """The user to invite to their own place: seen and editable by the inviter, and without an account."""
    if not user_id:
        return None
    found = gate.get(ctx, registry.get("user"), user_id, "edit")
    assert isinstance(found, User)
    if found.account_id is not None or not found.is_active:
        raise Gone(_("This user signs in already, or is not active; there is nobody to invite."))
    return found


@never_cache
@require_POST
def resend(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send a new link; the former one stops working."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    row = _mine(ctx, invitation_id)
    link = _hand_over(request, ctx, row, invitations.renew(row))
    return _show(request, ctx, link=link) if link else HttpResponseRedirect(_HERE)


@require_POST
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    row = _mine(ctx, invitation_id)
    row.revoked_at = dt.datetime.now(dt.UTC)
    row.save(update_fields=["revoked_at"])
    events.note("invitation_revoked", user=request.user_record, address=address_of(request))  # type: ignore[attr-defined]
    say(request, _("The invitation is taken back."))
    return HttpResponseRedirect(_HERE)


def _mine(ctx: Context, invitation_id: UUID) -> Invitation:
    """An open invitation of this workspace to a role that this person may give."""
    invitations.demand_may_invite(ctx)
    row = invitations.open_in(ctx).filter(pk=invitation_id).first()
    if row is None or row.role_id not in {role.pk for role in invitations.roles_to_give(ctx)}:
        raise Gone(_("This invitation does not exist, or it is over."))
    return row


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Come in by an invitation: a new person sets a password, somebody with an account signs in and joins."""
    wait = sign_in_limit.take_turn(request, "", "invitation") if request.method == "POST" else 0
    row = invitations.find(secret) if secret.isascii() and len(secret) < 100 else None
    if row is None:
        return render(request, "sign_in/dead_link.html", {"what": "invitation"}, status=404)
    account = Account.objects.filter(email=row.email).first()
    signed_in = request.user.is_authenticated and entering.is_local(request)
    is_theirs = signed_in and account is not None and request.user.pk == account.pk
    error, name = too_many(wait) if wait else "", request.POST.get("name", "").strip()[:150]
    if request.method == "POST" and not error:
        if is_theirs:
            user = invitations.accept(row, account)  # type: ignore[arg-type]
            return _in(request, user)
        if account is None and not signed_in:
            password = request.POST.get("password", "")[:1000]
            error = "" if name or row.user else _("Enter your name.")
            error = error or wrong_password(password, Account(email=row.email))
            if not error:
                try:
                    user = invitations.accept_new(row, name, password)
                except Conflict as there:
                    error = there.sentence
                else:
                    sign_in_limit.forget(request, "", "invitation")
                    assert user.account is not None
                    entering.enter(request, user.account, "password")
                    return _in(request, user)
    values = {
        "row": row, "secret": secret, "error": error, "name": name or row.name, "is_theirs": is_theirs,
        "has_account": account is not None, "signed_in_as": request.user.email if signed_in else "",  # type: ignore[union-attr]
        "offers": offers_for(row.email),
    }  # fmt: skip
    return render(request, "sign_in/invitation.html", values, status=422 if error else 200)


def _in(request: HttpRequest, user: User) -> HttpResponse:
    if entering.counts(request.session, user):
        request.session[entering.WORKSPACE_KEY] = str(user.workspace_id)
        return HttpResponseRedirect("/")
    return HttpResponseRedirect(f"/sign-in/?workspace={user.workspace_id}")


@slot("record.aside", type_key="user", order=5)
def invite_panel(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """On a user without an account: the way to invite them, for who may."""
    if not isinstance(record, User) or record.account_id or not record.is_active or record.deleted_at is not None:
        return None
    users = registry.get("user")
    if not gate.allows(ctx, users, "create") or not gate.may(ctx, users, record, "edit"):
        return None
    return Panel(_("Sign-in"), "people/invite_panel.html", {"user": record})
