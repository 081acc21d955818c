"""Errors as pages, and for parts of a page as toasts: what happened, what is safe, what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.changes.events import note_denied
from rapport.kernel.errors import Busy, Conflict, Gone, Invalid, RapportError, Refused
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say_now

STATUS = {Gone: 404, Refused: 403, Conflict: 409, Invalid: 422, Busy: 503}


def missing() -> Gone:
    """The error of an address that leads nowhere."""
    return Gone(_("There is no page at this address, or you may not see what is there."))


def refused() -> Refused:
    """The error of a page that the viewer's role does not open."""
    return Refused(_("Your role does not allow this. Ask the owner of the workspace for it."))


def database(problem: Exception) -> Busy:
    """What a person needs to know of a database that refused; the log has the rest."""
    if "full" in str(problem).lower():
        return Busy(_("Not saved: the disk of the server is full. Your text is still here; tell whoever runs Rapport."))
    return Busy(_("Not saved: the database is busy. Your text is still here; try again in a moment."))


def status_of(error: RapportError) -> int:
    """The HTTP status of an expected error."""
    return next((code for cls, code in STATUS.items() if isinstance(error, cls)), 400)


def note(request: HttpRequest, error: RapportError, *, record_id: object = None, **details: object) -> None:
    """Put a refusal into the audit log, by what its address names (or the record that was posted)."""
    ctx = getattr(request, "ctx", None)
    if ctx is None:
        return
    named = request.resolver_match.kwargs if request.resolver_match else {}
    note_denied(
        ctx, error, type_key=named.get("type_key", ""), record_id=record_id or named.get("record_id"),
        writes=request.method not in ("GET", "HEAD", "OPTIONS"), path=request.path_info, **details,
    )  # fmt: skip


def respond(request: HttpRequest, error: RapportError) -> HttpResponse:
    """The page or the toast of an error."""
    status = status_of(error)
    if is_part(request):
        response = say_now(HttpResponse(status=status), error.sentence, kind="bad")
        response.headers["HX-Reswap"] = "none"
        return response
    return render(
        request, "error.html", {"status": status, "title": titles()[status], "sentence": error.sentence}, status=status
    )


def titles() -> dict[int, str]:
    """What happened, in a few words."""
    return {
        404: _("Not found"),
        403: _("Not allowed"),
        409: _("Changed by somebody else"),
        422: _("That did not work"),
        400: _("That did not work"),
        503: _("Busy just now"),
    }
