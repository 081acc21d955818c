"""A new password by mail. Asking answers alike for everybody, and takes as long: a job looks whether anybody is there."""

from __future__ import annotations

from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import events
from rapport.kernel.access.accounts import users_of
from rapport.kernel.access.models import Account
from rapport.kernel.jobs.tasks import enqueue
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.connection import address_of, base_url
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.sign_in_limit import too_many
from rapport.surfaces.web.signing_in import mails, sessions
from rapport.surfaces.web.signing_in.passwords import set_password, wrong_password


@never_cache
@require_http_methods(["GET", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for the address; say the same whoever it is."""
    email, error, is_sent = request.POST.get("email", "").strip().casefold()[:254], "", False
    if request.method == "POST":
        try:
            validate_email(email)
        except ValidationError:
            error = _("Enter a whole e-mail address, such as ann@example.com.")
        else:
            wait = sign_in_limit.take_turn(request, email, "reset")
            error = too_many(wait) if wait else ""
        if not error:
            enqueue("web.send_reset", email=email, base=base_url(request))
            is_sent = True
    values = {"email": email, "error": error, "is_sent": is_sent}
    return render(request, "sign_in/forgot.html", values, status=422 if error else 200)


def mail_link(email: str, base: str) -> bool:
    """Mail a link that works once, for an hour, until the password or the address changes."""
    account = Account.objects.filter(email=email, is_active=True).first()
    if account is None or not users_of(account):
        return False
    uid = urlsafe_base64_encode(str(account.pk).encode())
    link = f"{base}/sign-in/reset/{uid}/{default_token_generator.make_token(account)}"
    body = _(
        "Somebody, hopefully you, asked for a new password for Rapport.\n\n"
        "Set it here, within one hour:\n%(link)s\n\n"
        "If it was not you, do nothing: your password stays as it is."
    ) % {"link": link}
    return mails.send(account.email, _("A new password for Rapport"), body)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Set the new password; every session of the account ends, and signing in asks for the second step as ever."""
    account = _holder(uid, token)
    if account is None:
        return render(request, "sign_in/dead_link.html", {"what": "reset"}, status=404)
    error = ""
    if request.method == "POST":
        password = request.POST.get("password", "")[:1000]
        error = wrong_password(password, account)
        if not error:
            with transaction.atomic():
                # Looked at again with the row held: of two at once, the second finds its link used.
                Account.objects.select_for_update().filter(pk=account.pk).first()
                held = _holder(uid, token)
                if held is None:
                    return render(request, "sign_in/dead_link.html", {"what": "reset"}, status=404)
                set_password(held, password)
                _mailbox_is_theirs(held)
                sessions.end_all_of(held)
            sign_in_limit.forget(request, account.email)
            events.note("password_changed", account=account, address=address_of(request), by="mail")
            return HttpResponseRedirect("/sign-in/")
    return render(request, "sign_in/reset.html", {"email": account.email, "error": error}, status=422 if error else 200)


def _holder(uid: str, token: str) -> Account | None:
    try:
        account = Account.objects.filter(pk=UUID(urlsafe_base64_decode(uid).decode()), is_active=True).first()
    except (ValueError, UnicodeDecodeError):
        return None
    return account if account is not None and default_token_generator.check_token(account, token) else None


def doubt(account: Account) -> None:
    """Remember that nobody has shown yet that this account's mailbox is theirs (a copied invitation, a provider)."""
    EmailAddress.objects.update_or_create(
        user=account, email=account.email, defaults={"verified": False, "primary": True}
    )


def _mailbox_is_theirs(account: Account) -> None:
    """Whoever set up a doubted account before its mailbox spoke loses what they put there: passkeys, apps, codes."""
    doubted = EmailAddress.objects.filter(user=account, verified=False)
    if doubted.exists():
        Authenticator.objects.filter(user_id=account.pk).delete()
        doubted.update(verified=True)
