"""The import wizard: choose a file, say what its columns mean, see every problem and mend it, import, take back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.imports import session
from rapport.engines.imports.check import mend
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.engines.imports.table import Reading
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, RapportError, Refused
from rapport.surfaces.web import imports_columns, imports_names
from rapport.surfaces.web.imports_shown import (
    checked_of,
    counts_of,
    foreseen_of,
    history_lines,
    progress_line,
    records_page,
    reverted_of,
)
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say

HOME = "/settings/import"
#: Problem rows on one page.
_ROWS = 25
Page = Callable[..., HttpResponse]


def url_of(run: ImportRun, part: str = "") -> str:
    """The address of an import, or of a part of it."""
    return f"{HOME}/{run.pk}{'/' + part if part else ''}"


def _of_a_run(page: Page) -> Page:
    """Look the run up and hand it on; a stranger's answers like a missing one."""

    @wraps(page)
    def inside(request: HttpRequest, run_id: UUID, **more: object) -> HttpResponse:
        return page(request, session.find(request.ctx, run_id), **more)  # type: ignore[attr-defined]

    return inside


@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The page to choose a file, with the imports so far; posted with one, the first look at it."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not session.may_import(ctx):
        raise Refused(_("Your role does not allow you to import anything."))
    sentence, status, is_calendar = "", 200, False
    if request.method == "POST":
        try:
            given = request.FILES.get("file")
            if given is None or not given.size:
                raise Invalid(_("Choose a file that is not empty."), field="file")
            return HttpResponseRedirect(url_of(session.take_in(ctx, str(given.name or ""), given.chunks()), "columns"))
        except Invalid as wrong:
            sentence, status, is_calendar = wrong.sentence, 422, wrong.code == "calendar"
    values = {"sentence": sentence, "is_calendar": is_calendar, "lines": history_lines(ctx, session.history(ctx))}
    return render(request, "imports/home.html", values, status=status)


@require_GET
@_of_a_run
def show(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Where the import is: on to its columns or its check, or how it goes and what came of it."""
    if run.after_number is None and run.state != "running":
        step = "check" if run.state in ("checking", "ready") else "columns"
        if run.state != "failed":
            return HttpResponseRedirect(url_of(run, step))
    return render(request, "imports/result.html", _result(request, run))


def _result(request: HttpRequest, run: ImportRun) -> dict[str, object]:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    return {
        "run": run, "url": url_of(run), "busy": run.state in session.BUSY, "progress": progress_line(ctx, run),
        "counts": counts_of(ctx, run), "rejected": session.rejected_file(run), "reverted": reverted_of(ctx, run),
        "foreseen": foreseen_of(ctx, run),
        "can_revert": run.after_number is not None and run.state in ("done", "stopped", "paused", "failed"), "step": 4,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@_of_a_run
def columns(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """What was found, what each column means, and how records are recognised and written."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session.demand_idle(run, before_run=True)
    sentence = ""
    if request.method == "POST":
        try:
            assigned, set_, shapes = imports_columns.read(ctx, run, request.POST)
            session.assign(ctx, run, assigned, set_)
            run.facts = {**run.facts, "shapes": shapes}
            run.save(update_fields=["facts"])
            if request.POST.get("go") == "again":
                return HttpResponseRedirect(url_of(run, "columns"))
            session.start(ctx, run, "check")
            return HttpResponseRedirect(url_of(run, "check"))
        except (Invalid, Refused) as wrong:
            sentence = wrong.sentence
    values = {**imports_columns.shown(ctx, run), "run": run, "url": url_of(run), "sentence": sentence, "step": 2}
    return render(request, "imports/columns.html", values, status=422 if sentence else 200)


@require_POST
@_of_a_run
def reading(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Read the file in another way than was found."""
    given = request.POST
    header = {"yes": True, "no": False}.get(given.get("has_header", ""))
    try:
        wanted = Reading(
            given.get("encoding", "").strip(), {"tab": "\t"}.get(given.get("delimiter", ""), given.get("delimiter", "")),
            given.get("sheet", ""), header,
        )  # fmt: skip
        session.read_as(request.ctx, run, Reading.of(wanted.as_json()))  # type: ignore[attr-defined]
    except Invalid as wrong:
        say(request, wrong.sentence, kind="bad")
    return HttpResponseRedirect(url_of(run, "columns"))


@require_http_methods(["GET", "POST"])
@_of_a_run
def check(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """What would be written, every line with a problem, names that mean nothing here; posted, the file is checked anew."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if request.method == "POST":
        session.start(ctx, run, "check")
        return HttpResponseRedirect(url_of(run, "check"))
    if run.after_number is not None:
        return HttpResponseRedirect(url_of(run))
    if not run.checked and run.state != "checking":
        return HttpResponseRedirect(url_of(run, "columns") if run.state != "failed" else url_of(run))
    after = request.GET.get("after", "0")
    rows = ImportRow.objects.filter(
        workspace_id=ctx.workspace.pk, run_id=run.pk, line__gt=int(after) if after.isdigit() and len(after) < 10 else 0
    ).order_by("line")
    found = list(rows[: _ROWS + 1])
    values = {
        "run": run, "url": url_of(run), "busy": run.state in session.BUSY, "progress": progress_line(ctx, run), "step": 3,
        "checked": checked_of(ctx, run), "rows": [shown_row(run, one) for one in found[:_ROWS]], "header": run.facts["header"],
        "next": found[_ROWS - 1].line if len(found) > _ROWS else 0, "is_first": after in ("", "0"),
        "names": imports_names.questions(ctx, run) if run.checked else [],
    }  # fmt: skip
    return render(request, "imports/check.html", values)


def shown_row(run: ImportRun, row: ImportRow) -> dict[str, object]:
    """A line with a problem as the grid shows it."""
    header = run.facts["header"]
    reasons: dict[str, list[str]] = {}
    for column, sentence in row.reasons:
        reasons.setdefault(column, []).append(sentence)
    cells = [
        {
            "at": at, "name": name, "text": row.mends.get(str(at), text), "wrong": " ".join(reasons.pop(name, [])),
            "is_mended": str(at) in row.mends,
        }
        for at, (name, text) in enumerate(zip(header, row.cells, strict=False))
    ]  # fmt: skip
    rest = " ".join(sentence for some in reasons.values() for sentence in some)
    return {"row": row, "cells": cells, "rest": rest}


@require_POST
@_of_a_run
def row(request: HttpRequest, run: ImportRun, line: int) -> HttpResponse:
    """Mend cells of a line, leave it out, or take it in again; it is checked at once."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session.demand_idle(run, before_run=True)
    cells = {key[1:]: text for key, text in request.POST.items() if key[:1] == "c" and key[1:].isdigit()}
    wanted = {"out": True, "in": False}.get(request.POST.get("do", ""))
    found = mend(ctx, run, session.table_of(run), line, _changed(run, line, cells), leave_out=wanted)
    if not is_part(request):
        return HttpResponseRedirect(f"{url_of(run, 'check')}#l{line}")
    run.refresh_from_db()
    values = {"one": shown_row(run, found), "url": url_of(run), "run": run, "header": run.facts["header"], "is_swap": True}
    return render(request, "imports/row.html", values)


def _changed(run: ImportRun, line: int, cells: dict[str, str]) -> dict[str, str]:
    """Only the cells that somebody changed are mends."""
    there = ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk, line=line).first()
    if there is None:
        return cells
    was = {str(at): text for at, text in enumerate(there.cells)} | there.mends
    return {at: text for at, text in cells.items() if was.get(at, "").replace("\r\n", "\n") != text.replace("\r\n", "\n")}


@require_POST
@_of_a_run
def names(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """What unknown owners, stages and choices mean: others that are here, nothing, or new ones; then the check again."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    try:
        session.set_plan(ctx, run, imports_names.decided(ctx, run, request.POST))
        session.start(ctx, run, "check")
    except (Invalid, Refused) as wrong:
        say(request, wrong.sentence, kind="bad")
    return HttpResponseRedirect(url_of(run, "check"))


@require_POST
@_of_a_run
def act(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Run, pause, stop, go on, take back, mend what was rejected, throw away."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    what = request.POST.get("do", "")
    try:
        match what:
            case "run" | "revert" | "foresee":
                session.start(ctx, run, what, force=request.POST.get("force") == "1")
            case "pause" | "stop":
                session.halt(ctx, run, what)
            case "again":
                return HttpResponseRedirect(url_of(session.again(ctx, run), "columns"))
            case "forget":
                session.forget(ctx, run)
                return HttpResponseRedirect(HOME)
            case _:
                raise Gone(_("There is no such action."))
    except (Gone, Refused):
        raise
    except RapportError as wrong:
        say(request, wrong.sentence, kind="bad")
    return HttpResponseRedirect(url_of(run, "check" if run.state in ("checking", "draft") else ""))


@require_GET
@_of_a_run
def state(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """How far the work is, for the bar on the page; when it is over, the page is loaded again."""
    if run.state not in session.BUSY:
        done = HttpResponse(status=204)
        done.headers["HX-Refresh"] = "true"
        return done
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    values = {"run": run, "url": url_of(run), "progress": progress_line(ctx, run), "counts": counts_of(ctx, run)}
    return render(request, "imports/progress.html", values)


@require_GET
@_of_a_run
def rejected(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The lines that could not be taken, with the reasons, to be mended in a spreadsheet."""
    del request
    path = session.rejected_file(run)
    if path is None:
        raise Gone(_("No line of this import was rejected."))
    response = FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="text/csv; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_GET
@_of_a_run
def records(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The records that the import created or changed, page by page along the change log."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    verb = "update" if request.GET.get("verb") == "update" else "create"
    before = request.GET.get("before", "")
    items, following = records_page(ctx, run, verb, int(before) if before.isdigit() and len(before) < 18 else 0)
    values = {"run": run, "url": url_of(run), "verb": verb, "items": items, "next": following}
    return render(request, "imports/records.html", values)
