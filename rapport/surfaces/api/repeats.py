"""Idempotency-Key: a write that is sent again, because the answer was lost, is answered again and done once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.programs.keeping import Kept, once
from rapport.kernel.context import Context
from rapport.surfaces.api.problems import bad_request
from rapport.surfaces.api.reading import raw_body

HEADER = "Idempotency-Key"
#: Tells a program that the answer is a kept one.
REPEATED = "Idempotent-Replayed"
_LONGEST = 200
_KEPT_HEADERS = ("ETag", "Location", "Content-Type")
#: What else makes two requests different.
_CONDITIONS = ("If-Match", "If-None-Match")


def answered_once(ctx: Context, request: HttpRequest, token_id: UUID, work: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `work`; with an Idempotency-Key the one that was given the first time."""
    key = request.headers.get(HEADER, "")
    if not key or request.method in ("GET", "HEAD", "OPTIONS"):
        return work()
    if len(key) > _LONGEST or not key.isascii() or not key.isprintable():
        raise bad_request(
            _("An Idempotency-Key has 1 to %(most)d plain characters.") % {"most": _LONGEST}, code="bad_idempotency_key"
        )
    digest = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), *(request.headers.get(one, "") for one in _CONDITIONS)):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    digest.update(raw_body(request))
    kept = once(ctx.workspace.pk, token_id, key, digest.hexdigest(), lambda: _kept(work()))
    response = HttpResponse(kept.body.encode(), status=kept.status, headers=kept.headers)
    response.headers["Cache-Control"] = "private, no-store"
    if kept.status == 204:
        del response.headers["Content-Type"]
    if kept.is_repeat:
        response.headers[REPEATED] = "true"
    return response


def _kept(response: HttpResponse) -> Kept:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Kept(response.status_code, response.content.decode(), headers)
