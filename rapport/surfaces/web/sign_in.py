"""Signing in and out. One sentence for every failure, and longer and longer waits instead of locks."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access.accounts import users_of
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.middleware import WORKSPACE_KEY
from rapport.surfaces.web.shell import render


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password; afterwards go where the person wanted to go."""
    go_to = safe_next(request)
    if request.method == "GET":
        if request.user.is_authenticated and users_of(request.user):
            return HttpResponseRedirect(go_to)
        return render(request, "sign_in.html", {"next": go_to, "email": "", "error": ""})
    email = request.POST.get("email", "").strip().casefold()[:254]
    error = _try(request, email, request.POST.get("password", "")[:1000])
    if not error:
        return HttpResponseRedirect(go_to)
    return render(request, "sign_in.html", {"next": go_to, "email": email, "error": error}, status=422)


def _try(request: HttpRequest, email: str, password: str) -> str:
    """Sign in, or the sentence that says why not; a wrong address and a wrong password read alike."""
    wait = sign_in_limit.seconds_to_wait(request, email)
    if wait:
        return _("Too many tries. Wait %(seconds)d seconds, then try again.") % {"seconds": wait}
    account = authenticate(request, username=email, password=password) if email and password else None
    users = users_of(account) if account is not None else []  # type: ignore[arg-type]
    if account is None or not users:
        sign_in_limit.note_failure(request, email)
        return _("E-mail and password do not fit together. Check both and try again.")
    sign_in_limit.forget(request, email)
    login(request, account)
    request.session[WORKSPACE_KEY] = str(users[0].workspace_id)
    return ""


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect("/sign-in/")


def safe_next(request: HttpRequest) -> str:
    """The local address to go to afterwards; anything else becomes the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    fits = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if fits else "/"
