"""Imports over the API: upload a file, see what was found, change it, check, run, mend, take back. The same engine, plans
and rights as the page and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.imports import session
from rapport.engines.imports.check import mend
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.engines.imports.session import find, halt, start
from rapport.engines.imports.table import Reading
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import body_of, limit_of, parameters

_STARTS = ("check", "run", "revert", "foresee")
_HALTS = ("pause", "stop")


def read_all(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/imports: the latest imports of this user."""
    parameters(request, ())
    return answer({"items": [_item(ctx, run) for run in session.history(ctx)], "next": None}, 200, {})


def upload(ctx: Context, request: HttpRequest) -> HttpResponse:
    """POST /api/v1/imports?name=people.csv with the bytes of the file as the body: what was found, and a plan."""
    given = parameters(request, ("name",))
    name = unquote(given.get("name", "")) or "file.csv"
    run = session.take_in(ctx, name, _chunks(request))
    return answer(_item(ctx, run, whole=True), 201, {"Location": f"/api/v1/imports/{run.pk}"})


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(1 << 20):
        yield chunk


def read(ctx: Context, request: HttpRequest, run_id: UUID) -> HttpResponse:
    """GET /api/v1/imports/{id}: its state, what was found, its plan, counts."""
    parameters(request, ())
    return answer(_item(ctx, find(ctx, run_id), whole=True), 200, {})


def change(ctx: Context, request: HttpRequest, run_id: UUID) -> HttpResponse:
    """PATCH /api/v1/imports/{id} with "reading" (the columns are found anew) or "plan"."""
    parameters(request, ())
    body = body_of(request)
    if not body or set(body) - {"reading", "plan"}:
        raise bad_request(_("Send “reading”, “plan” or both."))
    run = find(ctx, run_id)
    if "reading" in body:
        session.read_as(ctx, run, Reading.of(body["reading"]))
    if "plan" in body:
        if not isinstance(body["plan"], dict):
            raise Invalid(_("A mapping is a JSON object."), field="plan")
        session.set_plan(ctx, run, body["plan"])
    return answer(_item(ctx, run, whole=True), 200, {})


def forget_one(ctx: Context, request: HttpRequest, run_id: UUID) -> HttpResponse:
    """DELETE /api/v1/imports/{id}: throw an import away that has not begun."""
    parameters(request, ())
    session.forget(ctx, find(ctx, run_id))
    return HttpResponse(status=204)


def act(ctx: Context, request: HttpRequest, run_id: UUID, what: str) -> HttpResponse:
    """POST /api/v1/imports/{id}/{check, run, pause, stop, revert, foresee}. A revert takes {"force": true} to go over later
    changes; "foresee" says under "revert" what it would do."""
    parameters(request, ())
    body = body_of(request, may_be_empty=True)
    if set(body) - {"force"} or not isinstance(body.get("force", False), bool):
        raise bad_request(_("Only “force”, true or false, is understood here."))
    run = find(ctx, run_id)
    if what in _STARTS:
        start(ctx, run, what, force=bool(body.get("force")))
    elif what in _HALTS:
        halt(ctx, run, what)
    else:
        raise Gone(_("There is nothing here; GET /api/v1/ lists what there is, and addresses end without “/”."))
    return answer(_item(ctx, run), 202, {})


def read_rows(ctx: Context, request: HttpRequest, run_id: UUID) -> HttpResponse:
    """GET /api/v1/imports/{id}/rows: the lines with a problem, in order, and those mended or left out."""
    given = parameters(request, ("limit", "after"))
    run, limit = find(ctx, run_id), limit_of(given)
    after = given.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= 9):
        raise bad_request(_("“after” is the number of a line."))
    rows = ImportRow.objects.filter(workspace_id=ctx.workspace.pk, run_id=run.pk, line__gt=int(after)).order_by("line")
    found = list(rows[: limit + 1])
    following = found[limit - 1].line if len(found) > limit else None
    return answer({"items": [_row(one) for one in found[:limit]], "next": following}, 200, {})


def mend_row(ctx: Context, request: HttpRequest, run_id: UUID, line: int) -> HttpResponse:
    """PATCH /api/v1/imports/{id}/rows/{line} with "cells" (place of the column -> text) and "left_out"."""
    parameters(request, ())
    body = body_of(request)
    cells, left_out = body.get("cells", {}), body.get("left_out")
    if (
        set(body) - {"cells", "left_out"} or not isinstance(cells, dict) or not isinstance(left_out, bool | None)
        or not all(key.isascii() and key.isdigit() and len(key) < 5 and isinstance(text, str) for key, text in cells.items())
    ):  # fmt: skip
        raise Invalid(_("“cells” is an object of texts by the place of their column, “left_out” true or false."))
    run = find(ctx, run_id)
    session.demand_idle(run, before_run=True)
    return answer(_row(mend(ctx, run, session.table_of(run), line, cells, leave_out=left_out)), 200, {})


def read_rejected(ctx: Context, request: HttpRequest, run_id: UUID) -> HttpResponse:
    """GET /api/v1/imports/{id}/rejected: the lines that could not be taken, with the reasons, as CSV."""
    parameters(request, ())
    path = session.rejected_file(find(ctx, run_id))
    if path is None:
        raise Gone(_("No line of this import was rejected."))
    response = FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="text/csv; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _row(one: ImportRow) -> dict[str, object]:
    return {
        "line": one.line, "cells": one.cells, "mends": one.mends, "left_out": one.is_left_out, "is_open": one.is_open,
        "problems": [{"column": column or None, "sentence": sentence} for column, sentence in one.reasons],
    }  # fmt: skip


def _item(ctx: Context, run: ImportRun, *, whole: bool = False) -> dict[str, object]:
    done, total = session.progress_of(ctx, run) if run.state in session.BUSY else (0, 0)
    counts = {key: value for key, value in run.counts.items() if isinstance(value, int)}
    found: dict[str, object] = {
        "id": run.pk, "file": run.file_name, "state": run.state, "error": run.error or None, "counts": counts,
        "problems": run.problems, "started_at": run.started_at.isoformat() if run.started_at else None,
        "progress": {"done": done, "total": total or None}, "has_rejected": session.rejected_file(run) is not None,
    }  # fmt: skip
    if whole:
        found |= {
            "reading": run.reading, "found": run.facts, "plan": run.mapping, "checked": run.checked or None,
            "revert": run.revert or None,
        }  # fmt: skip
    return found
