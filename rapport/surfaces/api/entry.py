"""What every request of the API passes: the token, the workspace, the method, and the translation of errors.

There are no cookies and no sessions here, so there is nothing a foreign page could make a browser send along: the
views are exempt from the form token because a bearer token is never sent by a browser on its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import ApiToken
from rapport.kernel.access.tokens import find_token, narrowed
from rapport.kernel.changes.events import note_denied
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Gone, RapportError, Refused
from rapport.kernel.jobs.holding import held_because
from rapport.surfaces.api import limits, problems
from rapport.surfaces.api.problems import HttpProblem
from rapport.surfaces.api.repeats import answered_once

log = logging.getLogger("rapport.api")
Handler = Callable[..., HttpResponse]
View = Callable[..., HttpResponse]
_READS = ("GET", "HEAD", "OPTIONS")
_LONGEST_TOKEN = 200


def endpoint(**handlers: Handler) -> View:
    """A view from one function per method: `endpoint(get=read, post=create)`; each takes (ctx, request, ...)."""
    by_method = {name.upper(): function for name, function in handlers.items()}
    if "GET" in by_method:
        by_method["HEAD"] = by_method["GET"]
    allowed = ", ".join(sorted([*by_method, "OPTIONS"]))

    @csrf_exempt
    def view(request: HttpRequest, **address: object) -> HttpResponse:
        reads = request.method in _READS
        try:
            with signed_in(request) as ctx:
                if request.method == "OPTIONS":
                    return HttpResponse(status=204, headers={"Allow": allowed})
                handler = by_method.get(request.method or "")
                if handler is None:
                    raise _no_such_method(allowed)
                response = _within(ctx, handler, request, address, reads=reads)
                limits.mark(response, request.api_turn)  # type: ignore[attr-defined]
                return response
        except RapportError as wrong:
            return problems.respond(wrong, reads=reads)

    view.methods = tuple(by_method)  # type: ignore[attr-defined]
    return view


def _within(
    ctx: Context, handler: Handler, request: HttpRequest, address: dict[str, object], *, reads: bool
) -> HttpResponse:
    """Run the handler in the language and zone of the user."""
    with translation.override(ctx.format.language), timezone.override(ctx.format.zone):
        try:
            return answered_once(ctx, request, request.api_token.pk, lambda: handler(ctx, request, **address))  # type: ignore[attr-defined]
        except RapportError as wrong:
            note_denied(
                ctx, wrong, type_key=address.get("type_key", ""), record_id=address.get("record_id"), writes=not reads,
                path=request.path_info,
            )  # fmt: skip
            return problems.respond(wrong, reads=reads)
        except OperationalError:
            log.warning("The database was busy or away.", exc_info=True)
            return problems.respond(_busy(), reads=reads)
        except Exception:
            # The edge of the surface: whatever it was, the program at the other end gets an answer it can read.
            log.exception("A request of the API failed.")
            return problems.unexpected()


@contextmanager
def signed_in(request: HttpRequest) -> Iterator[Context]:
    """Enter the workspace as the user of the bearer token; raises the 401 of a missing, wrong or revoked one."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise _unknown(_("Send a token: Authorization: Bearer rap_…"))
    token = find_token(secret) if secret.isascii() and len(secret) <= _LONGEST_TOKEN else None
    if token is None:
        raise _unknown(_("This token is wrong, expired or revoked; make a new one in your settings."))
    if held_because():
        raise _held()
    user = token.user
    if not user.is_active or user.deleted_at is not None or (user.account is not None and not user.account.is_active):
        raise _unknown(_("The user of this token may no longer sign in."))
    with use_workspace(token.workspace_id):
        ctx = context_for(user, "api", workspace=token.workspace)
        request.api_token, request.api_turn = token, _turn(ctx, token)  # type: ignore[attr-defined]
        if token.is_read_only and request.method not in _READS:
            with translation.override(ctx.format.language):
                raise Refused(_("This token is read-only: it may look, but not change anything."), code="read_only_token")
        yield replace(ctx, viewer=narrowed(ctx.viewer, token.is_read_only, token.types), memory={})


def _turn(ctx: Context, token: ApiToken) -> limits.Turn | None:
    with translation.override(ctx.format.language):
        return limits.take(token.pk)


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The answer for every address of the API that means nothing; who is asking is checked first."""
    try:
        with signed_in(request) as ctx, translation.override(ctx.format.language):
            raise Gone(_("There is nothing here; GET /api/v1/ lists what there is, and addresses end without “/”."))
    except RapportError as wrong:
        return problems.respond(wrong, reads=True)


def _unknown(sentence: str) -> HttpProblem:
    return HttpProblem(401, sentence, code="unauthenticated", headers={"WWW-Authenticate": 'Bearer realm="rapport"'})


def _held() -> HttpProblem:
    sentence = _("This Rapport was restored from a backup and holds programs back; whoever runs it lets them go on.")
    return HttpProblem(503, sentence, code="held", headers={"Retry-After": "60"})


def _no_such_method(allowed: str) -> HttpProblem:
    sentence = _("This address takes %(methods)s only.") % {"methods": allowed}
    return HttpProblem(405, sentence, code="method_not_allowed", headers={"Allow": allowed})


def _busy() -> HttpProblem:
    sentence = _("The database is busy; nothing was changed. Try again in a moment.")
    return HttpProblem(503, sentence, code="busy", headers={"Retry-After": "2"})
