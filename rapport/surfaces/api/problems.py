"""Errors of the API as application/problem+json (RFC 9457), each with a sentence for people and a code for programs."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from django.http import HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.programs.keeping import StillRunning
from rapport.kernel.errors import Busy, Conflict, Gone, Invalid, RapportError, Refused

#: Longest sentence and name of a field that an answer repeats of what was sent.
_LONGEST = 500


class HttpProblem(RapportError):
    """What is wrong with the request itself, before any record is touched; carries its HTTP status."""

    def __init__(
        self, status: int, sentence: str, *, code: str, headers: dict[str, str] | None = None,
        errors: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """`headers` stand on the answer: Allow, WWW-Authenticate, Retry-After."""
        super().__init__(sentence, code=code, errors=errors)
        self.status = status
        self.headers = headers or {}


class StaleVersion(Conflict):
    """If-Match named a version since which a field of the same name was changed; carries both values."""


def bad_request(sentence: str, *, code: str = "bad_request") -> HttpProblem:
    """The 400 of a request that cannot be read."""
    return HttpProblem(400, sentence, code=code)


def respond(error: RapportError, *, reads: bool) -> HttpResponse:
    """The answer for an expected error. `reads`: the request wrote nothing, so what is wrong is the address (400)."""
    body = problem_of(error, reads=reads)
    headers = error.headers if isinstance(error, HttpProblem) else {}
    if isinstance(error, StillRunning):
        headers = {"Retry-After": "2"}
    return answer(body, int(str(body["status"])), headers, content_type="application/problem+json")


def problem_of(error: RapportError, *, reads: bool) -> dict[str, object]:
    """The members of a problem."""
    status = _status(error, reads=reads)
    body: dict[str, object] = {
        "type": f"urn:rapport:problem:{error.code}",
        "title": _titles().get(status, _("That did not work")),
        "status": status,
        "detail": error.sentence[:_LONGEST],
        "code": error.code,
    }
    if error.errors:
        body["errors"] = {str(key)[:60]: str(sentence)[:_LONGEST] for key, sentence in error.errors.items()}
    if isinstance(error, Conflict):
        body["conflict"] = error.fields
    return body


def unexpected() -> HttpResponse:
    """The answer for a fault of ours; the log has the story."""
    body = {
        "type": "urn:rapport:problem:internal", "title": _("Internal error"), "status": 500, "code": "internal",
        "detail": _("Rapport made a mistake and wrote it down; nothing was changed."),
    }  # fmt: skip
    return answer(body, 500, {}, content_type="application/problem+json")


def answer(
    body: object, status: int, headers: dict[str, str], *, content_type: str = "application/json"
) -> HttpResponse:
    """A JSON answer that nobody may keep a copy of."""
    response = HttpResponse(orjson.dumps(body, default=str), status=status, content_type=content_type)
    response.headers["Cache-Control"] = "private, no-store"
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _status(error: RapportError, *, reads: bool) -> int:
    if isinstance(error, HttpProblem):
        return error.status
    if isinstance(error, StaleVersion):
        return 412
    if isinstance(error, Invalid):
        return 400 if reads else 422
    by_class = ((Gone, 404), (Refused, 403), (Conflict, 409), (StillRunning, 409), (Busy, 503))
    return next((status for cls, status in by_class if isinstance(error, cls)), 400)


def _titles() -> dict[int, str]:
    return {
        400: _("The request cannot be understood"), 401: _("Not signed in"), 403: _("Not allowed"), 404: _("Not found"),
        405: _("Not possible here"), 409: _("Changed by somebody else"), 412: _("Changed by somebody else"),
        413: _("Too large"), 415: _("Wrong kind of content"), 422: _("Not accepted"), 429: _("Too many requests"), 503: _("Busy"),
    }  # fmt: skip
