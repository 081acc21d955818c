"""The sign-in page, the page that asks for the second factor, and the way out. One sentence for every failure."""

from __future__ import annotations

import time
from uuid import UUID

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import events
from rapport.kernel.access.accounts import user_in, users_of
from rapport.kernel.access.models import Account
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import entering, factors, invitations, passkeys
from rapport.surfaces.web.signing_in.guards import safe_next
from rapport.surfaces.web.signing_in.providers import Offer, offer_of, offers_for

_PENDING = "pending"
#: The second factor has to follow the password within this time.
_PENDING_FOR = 600


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password; afterwards go where the person wanted to go."""
    wanted = _wanted(request)
    if request.method == "GET":
        if wanted is None and entering.user_of(request) is not None:
            return HttpResponseRedirect(safe_next(request))
        offer = offer_of(wanted) if wanted and entering.is_local(request) else None
        offers = [offer] if offer else []
        return _show(request, offers=offers, status=200)
    email = request.POST.get("email", "").strip().casefold()[:254]
    password = request.POST.get("password", "")[:1000]
    if email and not password and (offers := offers_for(email)):
        return _show(request, email, offers=offers, status=200)
    wait = sign_in_limit.take_turn(request, email)
    if wait:
        return _show(request, email, error=too_many(wait))
    account = authenticate(request, username=email, password=password) if email and password else None
    if not isinstance(account, Account) or not (users_of(account) or invitations.waits_for(account)):
        known = Account.objects.filter(email=email).first()
        events.note("sign_in_failed", account=known, address=address_of(request), method="password")
        return _show(request, email, error=_("E-mail and password do not fit together. Check both and try again."))
    sign_in_limit.forget(request, email)
    return proved(request, account, "password")


def proved(request: HttpRequest, account: Account, method: str) -> HttpResponse:
    """The account proved itself by its first factor: on to the second, or in."""
    go_to = safe_next(request)
    users = users_of(account)
    if users and not any(entering.local_counts(user) for user in users) and not invitations.waits_for(account):
        offers = [offer for user in users if (offer := offer_of(user.workspace_id))]
        error = _("Your workspace asks you to sign in through its own provider.")
        return _show(request, account.email, error=error, offers=offers)
    if method == "password" and factors.is_asked(account):
        request.session.cycle_key()  # a key somebody planted shall not wait along
        request.session[_PENDING] = {
            "account": str(account.pk), "at": int(time.time()), "hash": account.get_session_auth_hash(),
            "next": go_to, "workspace": str(_wanted(request) or ""),
        }  # fmt: skip
        return HttpResponseRedirect("/sign-in/code")
    return finish(request, account, method, go_to, _wanted(request))


def finish(request: HttpRequest, account: Account, method: str, go_to: str, wanted: UUID | None = None) -> HttpResponse:
    """Start the session, in the workspace that was asked for if it opens."""
    request.session.pop(_PENDING, None)
    entering.enter(request, account, method)
    user = user_in(account, wanted) if wanted else None
    if user is not None and entering.counts(request.session, user):
        request.session[entering.WORKSPACE_KEY] = str(user.workspace_id)
    response = HttpResponseRedirect(go_to)
    sign_in_limit.remember_device(request, response, account.email)
    return response


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the app, a recovery code or a passkey, after the right password."""
    account, pending = pending_account(request)
    if account is None:
        return HttpResponseRedirect("/sign-in/")
    error = ""
    if request.method == "POST":
        wait = sign_in_limit.take_turn(request, account.email, "code")
        if wait:
            error = too_many(wait)
        elif factors.code_holds(account, request.POST.get("code", "")[:40]):
            sign_in_limit.forget(request, account.email, "code")
            return _finish_pending(request, account, pending)
        else:
            events.note("sign_in_failed", account=account, address=address_of(request), method="code")
            error = _("This code is not right, or it was used already. Wait for the next one and type it.")
    kinds = {one.type for one in factors.of(account)}
    values = {"error": error, "has_passkey": "webauthn" in kinds, "has_totp": "totp" in kinds}
    return render(request, "sign_in/code.html", values, status=422 if error else 200)


def pending_account(request: HttpRequest) -> tuple[Account | None, dict[str, str]]:
    """Who gave the right password a moment ago and still owes the second factor."""
    pending = request.session.get(_PENDING) or {}
    if not pending or pending["at"] + _PENDING_FOR < time.time():
        return None, {}
    account = Account.objects.filter(pk=pending["account"], is_active=True).first()
    if account is None or account.get_session_auth_hash() != pending["hash"]:
        return None, {}
    return account, pending


def _finish_pending(request: HttpRequest, account: Account, pending: dict[str, str]) -> HttpResponse:
    wanted = UUID(pending["workspace"]) if pending["workspace"] else None
    return finish(request, account, "password and second factor", pending["next"], wanted)


@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """The challenge for the browser: for the account that owes a second factor, else for whoever has a passkey."""
    account, _pending = pending_account(request)
    return JsonResponse(passkeys.options(account))


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey, alone or as the second factor."""
    account, pending = pending_account(request)
    wait = sign_in_limit.take_turn(request, "", "passkey")
    found = None if wait else passkeys.proved(request.POST.get("credential", "")[:20_000], account)
    if not isinstance(found, Account) or not (users_of(found) or invitations.waits_for(found)):
        events.note("sign_in_failed", account=account, address=address_of(request), method="passkey")
        error = too_many(wait) if wait else _("This passkey does not open an account here. Try another way.")
        return _show(request, account.email if account else "", error=error)
    sign_in_limit.forget(request, "", "passkey")
    if account is not None:
        return _finish_pending(request, account, pending)
    return proved(request, found, "passkey")


@require_POST
def ways(request: HttpRequest) -> HttpResponse:
    """A part of the sign-in page: the provider of the workspace that an address belongs to."""
    offers = offers_for(request.POST.get("email", "").strip().casefold()[:254])
    return render(request, "sign_in/_ways.html", {"offers": offers, "next": safe_next(request)})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    entering.leave(request)
    return HttpResponseRedirect("/sign-in/")


def _show(
    request: HttpRequest, email: str = "", *, error: str = "", offers: list[Offer] | None = None, status: int = 422
) -> HttpResponse:
    values = {
        "next": safe_next(request), "email": email, "error": error, "offers": offers or [],
        "workspace": _wanted(request) or "",
    }  # fmt: skip
    return render(request, "sign_in/page.html", values, status=status)


def _wanted(request: HttpRequest) -> UUID | None:
    """The workspace the person asked for that wants another sign-in; only their own count."""
    try:
        wanted = UUID(request.POST.get("workspace") or request.GET.get("workspace") or "")
    except ValueError:
        return None
    # Before anybody signed in, the name of a workspace's provider is not to be had by its number.
    if request.method == "GET" and not (request.user.is_authenticated and user_in(request.user, wanted)):
        return None
    return wanted
