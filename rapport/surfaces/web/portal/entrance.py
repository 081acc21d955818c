"""The way in and out: a link by mail, or a password. The same answer whoever is known, and about as fast.

A GET of a link signs nobody in: programs that open every link in a mail would use it up; the button behind it does.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rapport.engines.portal import entering
from rapport.engines.portal.accounts import fits, folded
from rapport.engines.portal.entering import EMAIL, find_link, use_link
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.surfaces.web.connection import address_of, base_url
from rapport.surfaces.web.portal import mailing
from rapport.surfaces.web.portal.answering import page, public, sealed, secret_of, start, who, with_cookie, without_cookie
from rapport.surfaces.web.sign_in_limit import forget, take_turn, too_many
from rapport.surfaces.web.signing_in.sessions import browser_of

_LONGEST_SECRET = 100


@require_http_methods(["GET", "HEAD", "POST"])
@public
def enter(request: HttpRequest, site: PortalSite) -> HttpResponse:
    """Ask for the address; say the same whoever it is. A job looks whether anybody has it, and mails."""
    if request.method != "POST":
        return HttpResponseRedirect(start(site)) if who(request, site) else _page(request, site)
    email, error = folded(request.POST.get("email", "").replace("\0", "")), ""
    try:
        validate_email(email)
    except ValidationError:
        error = _("Enter a whole e-mail address, such as ann@example.com.")
    else:
        wait = take_turn(request, f"{site.slug}|{email}", "portal_link")
        error = too_many(wait) if wait else ""
    if error:
        return _page(request, site, email=email, errors={"email": error}, status=422)
    mailing.ask(site, email, base_url(request))
    return page(request, site, "portal/sent.html", {"email": email})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def password(request: HttpRequest, site: PortalSite) -> HttpResponse:
    """In by password; wrong, unknown, closed and without a password all read alike."""
    if request.method != "POST":
        return HttpResponseRedirect(start(site)) if who(request, site) else _page(request, site, by_password=True)
    email, given = folded(request.POST.get("email", "").replace("\0", "")), request.POST.get("password", "")[:1000]
    name = f"{site.slug}|{email}"
    if wait := take_turn(request, name, "portal_password"):
        return _page(request, site, email=email, errors={"password": too_many(wait)}, by_password=True, status=429)
    account = fits(site.workspace, email, given)
    if account is None:
        errors = {"password": _("Address and password do not fit. You can have a link sent to you instead.")}
        return _page(request, site, email=email, errors=errors, by_password=True, status=422)
    forget(request, name, "portal_password")
    return _welcome(request, site, account, entering.begin(account))


@require_http_methods(["GET", "HEAD", "POST"])
@public
def link(request: HttpRequest, site: PortalSite, secret: str) -> HttpResponse:
    """A page with a button; pressing it uses the link up. Used, over, another portal's and made up all look alike."""
    if wait := take_turn(request, "", "portal_open") if request.method == "POST" else 0:
        return sealed(HttpResponse(too_many(wait) + "\n", status=429, content_type="text/plain; charset=utf-8"))
    found = find_link(site.workspace, secret) if len(secret) <= _LONGEST_SECRET else None
    used = use_link(site.workspace, secret) if found is not None and request.method == "POST" else None
    if found is None or (request.method == "POST" and used is None):
        return page(request, site, "portal/dead_link.html", {}, status=404)
    if used is None:
        return page(
            request, site, "portal/link.html", {"is_email": found.purpose == EMAIL, "email": found.email, "secret": secret}
        )
    return _welcome(request, site, *used, done="email" if found.purpose == EMAIL else "")


def _welcome(request: HttpRequest, site: PortalSite, account: PortalAccount, secret: str, *, done: str = "") -> HttpResponse:
    """Into the portal with a session that is new; the one that this browser had before ends."""
    if before := secret_of(request, site):
        entering.end(site.workspace, before)
    browser = browser_of(request.META.get("HTTP_USER_AGENT", ""))
    entering.note_entry(site.workspace, account, secret, browser=browser, address=address_of(request))
    rotate_token(request)
    to = start(site) + (f"account?done={done}" if done else "")
    return sealed(with_cookie(HttpResponseRedirect(to, status=303), site, secret))


@require_POST
@public
def leave(request: HttpRequest, site: PortalSite) -> HttpResponse:
    """Sign this browser out."""
    if secret := secret_of(request, site):
        entering.end(site.workspace, secret)
    return sealed(without_cookie(HttpResponseRedirect(start(site) + "enter", status=303), site))


def _page(
    request: HttpRequest, site: PortalSite, *, email: str = "", errors: dict[str, str] | None = None, by_password: bool = False,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    values = {"email": email, "errors": errors or {}, "by_password": by_password}
    return page(request, site, "portal/enter.html", values, status=status)
