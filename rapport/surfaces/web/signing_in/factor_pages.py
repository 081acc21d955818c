"""Adding and removing second factors and passkeys. Every page here asks for a fresh proof first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.kernel.access import events
from rapport.kernel.access.models import Account
from rapport.kernel.errors import Gone
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import factors, passkeys
from rapport.surfaces.web.signing_in.guards import fresh, local_only
from rapport.surfaces.web.toasts import say

_HERE = "/settings/security"
_SECRET = "totp_secret"


def _account(request: HttpRequest) -> Account:
    return request.user  # type: ignore[return-value]


@never_cache
@require_http_methods(["GET", "POST"])
@fresh
def add_app(request: HttpRequest) -> HttpResponse:
    """Show a key as a picture and as text; it counts once the app has shown a right code."""
    account, error = _account(request), ""
    if request.method == "POST":
        secret = request.session.get(_SECRET, "")
        wait = sign_in_limit.take_turn(request, account.email, "code")
        if wait:
            error = too_many(wait)
        elif secret and factors.add_totp(account, secret, request.POST.get("code", "")[:20]):
            sign_in_limit.forget(request, account.email, "code")
            del request.session[_SECRET]
            events.note("second_factor_added", account=account, address=address_of(request), factor="app")
            return _added(request, _("The app is your second step now."))
        else:
            error = _("This code does not fit. Check the clock of the device and type the code it shows now.")
    else:
        secret = factors.new_totp_secret()
        request.session[_SECRET] = secret
    values = {
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": factors.totp_picture(account, secret) if secret else "", "error": error,
    }  # fmt: skip
    return render(request, "settings/security_app.html", values, status=422 if error else 200)


def _added(request: HttpRequest, sentence: str) -> HttpResponse:
    """After the first factor come the recovery codes, shown this once."""
    account = _account(request)
    if factors.needs_recovery_codes(account):
        return _show_codes(request, factors.make_recovery_codes(account), sentence)
    say(request, sentence)
    return HttpResponseRedirect(_HERE)


def _show_codes(request: HttpRequest, codes: list[str], sentence: str) -> HttpResponse:
    return render(request, "settings/security_codes.html", {"codes": codes, "sentence": sentence})


@require_POST
@fresh
def remove_app(request: HttpRequest) -> HttpResponse:
    """Forget the code app."""
    account = _account(request)
    for one in factors.of(account, "totp"):
        one.delete()
        events.note("second_factor_removed", account=account, address=address_of(request), factor="app")
    factors.drop_useless_recovery_codes(account)
    say(request, _("The app is no longer asked for."))
    return HttpResponseRedirect(_HERE)


@never_cache
@require_POST
@fresh
def make_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes; the old ones stop working."""
    account = _account(request)
    if not factors.is_asked(account):
        raise Gone(_("Recovery codes belong to a second step; add an app or a passkey first."))
    events.note("second_factor_added", account=account, address=address_of(request), factor="recovery codes")
    return _show_codes(request, factors.make_recovery_codes(account), _("The old codes no longer work."))


@never_cache
@require_GET
@fresh
def new_passkey(request: HttpRequest) -> HttpResponse:
    """Name a passkey and let the device make it."""
    return render(request, "settings/security_passkey.html", {"error": "", "name": ""})


@require_POST
@fresh
def new_passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make one."""
    return JsonResponse(passkeys.registration_options(_account(request)))


@never_cache
@require_POST
@fresh
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Keep the passkey the device made."""
    account = _account(request)
    name = request.POST.get("name", "").strip()[:60] or _("Passkey")
    if passkeys.add(account, name, request.POST.get("credential", "")[:20_000]) is None:
        error = _("The device's answer could not be used. Try again.")
        return render(request, "settings/security_passkey.html", {"error": error, "name": name}, status=422)
    events.note("passkey_added", account=account, address=address_of(request))
    return _added(request, _("The passkey works from now on."))


@require_POST
@local_only
def rename_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Give a passkey another name."""
    name = request.POST.get("name", "").strip()[:60]
    if not name or not passkeys.rename(_account(request), passkey_id, name):
        raise Gone(_("This passkey does not exist, or the name was empty."))
    say(request, _("Saved."))
    return HttpResponseRedirect(_HERE)


@require_POST
@fresh
def remove_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Make a passkey worthless."""
    account = _account(request)
    if not passkeys.remove(account, passkey_id):
        raise Gone(_("This passkey does not exist."))
    factors.drop_useless_recovery_codes(account)
    events.note("passkey_removed", account=account, address=address_of(request))
    say(request, _("The passkey no longer works."))
    return HttpResponseRedirect(_HERE)


@require_POST
@local_only
def confirm_options(request: HttpRequest) -> HttpResponse:
    """The challenge for proving oneself once more with a passkey."""
    return JsonResponse(passkeys.options(_account(request)))
