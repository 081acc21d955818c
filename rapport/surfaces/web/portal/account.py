"""A guest's own access: another address, a password or none, the browsers they are signed in with."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rapport.engines.portal.accounts import fits, folded, has_password, set_password
from rapport.engines.portal.entering import came_by_link, end_all, sessions_of
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.kernel.access.tokens import digest_of
from rapport.kernel.errors import Invalid
from rapport.kernel.format import moment
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.portal import mailing
from rapport.surfaces.web.portal.answering import page, sealed, secret_of, signed_in, start, without_cookie
from rapport.surfaces.web.sign_in_limit import take_turn, too_many


@sensitive_post_parameters("password", "current")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def account(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount) -> HttpResponse:
    """The page; a form of it names what it does."""
    if request.method != "POST":
        return _page(request, site, guest, account)
    what = request.POST.get("what", "")
    if what == "everywhere":
        end_all(account)
        return sealed(without_cookie(HttpResponseRedirect(start(site) + "enter", status=303), site))
    try:
        if what == "email":
            _new_address(request, site, account)
        elif what in ("password", "no_password"):
            _new_password(request, site, guest, account, request.POST.get("password", "")[:1000] if what == "password" else "")
        else:
            raise Invalid(_("Nothing was changed."))
    except Invalid as wrong:
        return _page(request, site, guest, account, wrong=wrong, status=422)
    done = "asked" if what == "email" else what
    return sealed(HttpResponseRedirect(f"{start(site)}account?done={done}", status=303))


def _new_address(request: HttpRequest, site: PortalSite, account: PortalAccount) -> None:
    """Ask the new address; nothing changes before its owner pressed the button."""
    email = folded(request.POST.get("email", "").replace("\0", ""))
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(_("Enter a whole e-mail address, such as ann@example.com."), field="email") from None
    if email == account.email:
        raise Invalid(_("You sign in with this address already."), field="email")
    if wait := take_turn(request, f"{site.slug}|{account.pk.hex}", "portal_link"):
        raise Invalid(too_many(wait), field="email")
    mailing.ask_to_confirm(account, email, base_url(request))


def _new_password(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, password: str) -> None:
    """Set, change or take it away. Who has one proves it first; every other browser is signed out."""
    if has_password(account) and not came_by_link(account, secret_of(request, site)):
        name = f"{site.slug}|{account.email}"
        if wait := take_turn(request, name, "portal_password"):
            raise Invalid(too_many(wait), field="current")
        if fits(site.workspace, account.email, request.POST.get("current", "")[:1000]) is None:
            sentence = _(
                "This is not your password. If you forgot it, sign out and have a link sent to you; then set a new one at once."
            )
            raise Invalid(sentence, field="current")
    if request.POST.get("what") == "password" and not password:
        raise Invalid(_("Type the new password."), field="password")
    set_password(account, password)
    end_all(account, but=secret_of(request, site))


def _page(
    request: HttpRequest,
    site: PortalSite,
    guest: Guest,
    account: PortalAccount,
    *,
    wrong: Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    fmt = guest.context().format
    said = {
        "asked": _("Look into the mailbox of the new address: a link there confirms it."),
        "email": _("Your address is changed."), "password": _("Your password is set. All other browsers are signed out."),
        "no_password": _("You have no password any more; links by mail let you in."),
    }  # fmt: skip
    here = digest_of(secret_of(request, site))
    values = {
        "account": account, "has_password": has_password(account),
        "needs_current": not came_by_link(account, secret_of(request, site)), "wrong": wrong.sentence if wrong else "",
        "errors": wrong.errors if wrong else {}, "typed": request.POST.get("email", "") if request.method == "POST" else "",
        "said": said.get(request.GET.get("done", ""), ""),
        "browsers": [(one.browser, moment(one.begun_at, fmt), one.digest == here) for one in sessions_of(account)],
    }  # fmt: skip
    return page(request, site, "portal/account.html", values, guest=guest, status=status)
