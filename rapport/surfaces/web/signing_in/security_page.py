"""The security page: password, second factor, passkeys, recovery codes, browsers that are signed in."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.kernel.access import events
from rapport.kernel.access.models import Account
from rapport.kernel.errors import Gone
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import entering, factors, passkeys, sessions
from rapport.surfaces.web.signing_in.guards import local_only, safe_next
from rapport.surfaces.web.signing_in.passwords import set_password, wrong_password
from rapport.surfaces.web.toasts import say

_HERE = "/settings/security"


@never_cache
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """Everything about how this person signs in. Through a provider, only the sessions of that workspace."""
    return show(request, {})


def show(request: HttpRequest, errors: dict[str, str], status: int = 200) -> HttpResponse:
    """The page, with what was wrong in a form on it."""
    account: Account = request.user  # type: ignore[assignment]
    local = entering.is_local(request)
    kinds = {one.type for one in factors.of(account)} if local else set()
    values = {
        "is_local": local,
        "errors": errors,
        "has_password": account.has_usable_password(),
        "needs_present": _needs_present(request),
        "has_totp": "totp" in kinds,
        "passkeys": factors.of(account, "webauthn") if local else [],
        "is_asked": bool({"totp", "webauthn"} & kinds),
        "codes_left": factors.recovery_codes_left(account) if local else 0,
        "sessions": list(sessions.rows_for(request)),
        "here": request.session.session_key,
    }
    return render(request, "settings/security.html", values, status=status)


def _needs_present(request: HttpRequest) -> bool:
    """The present password is asked for, unless there is none or somebody locked out came by a link of the server."""
    by_link = request.session.get(entering.METHOD) == "owner link" and entering.is_fresh(request)
    return bool(request.user.has_usable_password()) and not by_link  # type: ignore[union-attr]


@never_cache
@sensitive_post_parameters("present", "password")
@require_POST
@local_only
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session of the account ends."""
    account: Account = request.user  # type: ignore[assignment]
    errors: dict[str, str] = {}
    if _needs_present(request):
        wait = sign_in_limit.take_turn(request, account.email)
        if wait:
            errors["present"] = too_many(wait)
        elif not account.check_password(request.POST.get("present", "")[:1000]):
            errors["present"] = _("This is not your present password.")
        else:
            sign_in_limit.forget(request, account.email)
    elif not entering.is_fresh(request):
        return HttpResponseRedirect(f"{_HERE}/confirm")
    if not errors and (wrong := wrong_password(request.POST.get("password", "")[:1000], account)):
        errors["password"] = wrong
    if errors:
        return show(request, errors, 422)
    set_password(account, request.POST["password"])
    old_key = request.session.session_key
    sessions.end_others(request)
    update_session_auth_hash(request, account)
    sessions.forget(old_key or "")
    sessions.note_now(request)
    entering.refresh(request)
    events.note("password_changed", account=account, address=address_of(request))
    say(request, _("The new password holds. Other browsers are signed out."))
    return HttpResponseRedirect(_HERE)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@local_only
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove once more that it is you: with the password or a passkey."""
    account: Account = request.user  # type: ignore[assignment]
    error = ""
    if request.method == "POST":
        error = _refused_again(request, account)
        if not error:
            entering.refresh(request)
            return HttpResponseRedirect(safe_next(request))
    values = {
        "next": safe_next(request), "error": error, "has_password": account.has_usable_password(),
        "has_passkey": bool(factors.of(account, "webauthn")),
    }  # fmt: skip
    return render(request, "settings/security_confirm.html", values, status=422 if error else 200)


def _refused_again(request: HttpRequest, account: Account) -> str:
    wait = sign_in_limit.take_turn(request, account.email)
    if wait:
        return too_many(wait)
    credential = request.POST.get("credential", "")[:20_000]
    if credential:
        right = passkeys.proved(credential, account) is not None
    else:
        right = account.check_password(request.POST.get("password", "")[:1000])
    if not right:
        return _("That was not right. Try again.")
    sign_in_limit.forget(request, account.email)
    return ""


@require_POST
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Sign one browser out."""
    if not sessions.end(request, session_id):
        raise Gone(_("This session does not exist, or it has ended already."))
    say(request, _("That browser is signed out."))
    return HttpResponseRedirect(_HERE)


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    sessions.end_others(request)
    say(request, _("You are signed out everywhere else."))
    return HttpResponseRedirect(_HERE)
