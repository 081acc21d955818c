"""What every page request passes: safe headers, and the context of the person who signed in."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.granting import demand_may_grant
from rapport.kernel.access.models import Role, User
from rapport.kernel.access.viewer import looking_as
from rapport.kernel.changes.unit import only_looking
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import RapportError, Refused
from rapport.kernel.ids import as_id
from rapport.surfaces.web import problems
from rapport.surfaces.web.signing_in import sessions
from rapport.surfaces.web.signing_in.entering import WORKSPACE_KEY, user_of

log = logging.getLogger(__name__)
Respond = Callable[[HttpRequest], HttpResponse]

#: Addresses that stand outside any workspace; everything else asks who is there first.
OUTSIDE = (
    "/sign-in/", "/setup/", "/api/", "/livez", "/readyz", "/static/", "/manifest.webmanifest", "/sw.js", "/offline",
    "/unsubscribe/", "/calendar/feed/", "/dav/", "/.well-known/caldav", "/help/", "/form/", "/rate/", "/portal/", "/robots.txt",
    "/chat/", "/book/", "/booking/",
)  # fmt: skip
#: The role through whose eyes the person looks just now.
PREVIEW_KEY = "preview_role"
_SAFE = ("GET", "HEAD", "OPTIONS")
#: What may be posted while one only looks.
_WHILE_LOOKING = ("/settings/preview/end", "/settings/theme", "/sign-out/")
#: A form with the largest file it may carry, and a little more.
LARGEST_BODY = 52 * 1024 * 1024
#: Where files of a million lines come in; who sends one is asked for before it is read.
LARGE_BODIES = {"/settings/import": 1 << 30, "/api/v1/imports": 1 << 30}
#: What no page here ever asks a browser for.
UNUSED_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "fullscreen", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip
__all__ = ["PREVIEW_KEY", "WORKSPACE_KEY", "ContextMiddleware", "SecurityHeaders", "policy", "signed_in_user", "to_sign_in"]


class SecurityHeaders:
    """A content security policy with a nonce per request; a view may set a stricter one itself."""

    def __init__(self, get_response: Respond) -> None:
        """As Django calls middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Make the nonce, answer, add the policy."""
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = too_large(request) or self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(nonce))
        response.headers.setdefault("Permissions-Policy", ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def too_large(request: HttpRequest) -> HttpResponse | None:
    """The answer to a body that nothing here could need, before a byte of it is kept; None for any other."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    most = LARGE_BODIES.get(request.path_info, 0) + LARGEST_BODY
    if length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= most:
        return None
    return HttpResponse(_("This is larger than Rapport takes.") + "\n", status=413, content_type="text/plain; charset=utf-8")


def policy(nonce: str) -> str:
    """Everything from this server only; no inline style, no inline script without the nonce, no eval; the one worker is ours.

    A frame may show a page of this server or the text given with it (`srcdoc`, which has this policy too and no scripts
    by its sandbox). 'strict-dynamic' is left out: nothing here loads scripts by scripts, and it would disable 'self'.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "media-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class ContextMiddleware:
    """Puts `request.ctx` on every request inside a workspace; without a user the sign-in page comes first."""

    def __init__(self, get_response: Respond) -> None:
        """As Django calls middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Enter the workspace around the whole view, in the language and zone of the user."""
        request.ctx = None  # type: ignore[attr-defined]
        if request.path_info.startswith(OUTSIDE):
            return self.get_response(request)
        user = signed_in_user(request)
        if user is None:
            return to_sign_in(request)
        sessions.note(request)
        with use_workspace(user.workspace_id):
            ctx = through_other_eyes(request, context_for(user, "web", workspace=user.workspace))
            request.ctx, request.user_record = ctx, user  # type: ignore[attr-defined]
            with translation.override(ctx.format.language), timezone.override(ctx.format.zone):
                if ctx.viewer.preview_of and request.method not in _SAFE and request.path_info not in _WHILE_LOOKING:
                    return problems.respond(request, only_looking())
                response = self.get_response(request)
                response.headers.setdefault("Cache-Control", "private, no-cache")
                return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Expected errors become pages or, for parts of a page, toasts."""
        if isinstance(exception, RapportError):
            problems.note(request, exception)
            return problems.respond(request, exception)
        if isinstance(exception, OperationalError):
            log.warning("The database refused.", exc_info=exception)
            return problems.respond(request, problems.database(exception))
        if isinstance(exception, Http404):
            return problems.respond(request, problems.missing())
        if isinstance(exception, PermissionDenied):
            return problems.respond(request, problems.refused())
        return None


def through_other_eyes(request: HttpRequest, ctx: Context) -> Context:
    """The context as the role that is being previewed sees things; read-only, and only while one may give that role."""
    role_id = as_id(request.session.get(PREVIEW_KEY, ""))
    if role_id is None:
        return ctx
    role = Role.objects.filter(pk=role_id, deleted_at=None).first()
    try:
        if role is None:
            raise Refused
        demand_may_grant(ctx, role)
    except Refused:
        del request.session[PREVIEW_KEY]
        return ctx
    return replace(ctx, viewer=looking_as(ctx.viewer, role), memory={})


def signed_in_user(request: HttpRequest) -> User | None:
    """The user of the signed-in account in the workspace it chose, else in the first one that its session opens."""
    return user_of(request)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here afterwards; a part of a page makes the whole page go there."""
    is_part = request.headers.get("HX-Request") == "true"
    came_from = request.headers.get("HX-Current-URL", "") if is_part else request.get_full_path()
    path = came_from if came_from.startswith("/") and not came_from.startswith("//") else "/"
    address = "/sign-in/" + ("" if path == "/" else "?" + urlencode({"next": path}))
    if is_part:
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return HttpResponseRedirect(address)
