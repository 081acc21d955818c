"""Cells of a list: one through its control, many as a block from a spreadsheet; the answers are for the page's script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import read_value, settable_fields
from rapport.kernel.errors import Conflict, Invalid, Refused
from rapport.kernel.query import read
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.conflict import contested
from rapport.surfaces.web.controls import controls, needed_fields
from rapport.surfaces.web.files import store_uploads
from rapport.surfaces.web.grid_block import read_block, write_block
from rapport.surfaces.web.grid_rows import json_of, shown_rows, texts_of
from rapport.surfaces.web.list_page import lines
from rapport.surfaces.web.posted import SHOWN, lists_of, read_posted, whole_number
from rapport.surfaces.web.problems import note
from rapport.surfaces.web.shell import render


@require_http_methods(["GET", "POST"])
def cell(request: HttpRequest, type_key: str, record_id: UUID, key: str) -> HttpResponse:
    """GET brings the control of one cell, POST saves it and answers with the row as it is now."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    readable = gate.fields(ctx, info)
    if key not in readable:
        raise gate.Gone(f"{info.label}: {key[:60]}")
    if not gate.may(ctx, info, record, "edit") or key not in settable_fields(ctx, info, creating=False):
        raise Refused(_("This cell cannot be changed here."))
    one = needed_fields(info, [readable[key]])[0]
    if request.method == "GET":
        return _control(request, info, record, one)
    return _save(request, info, record, one)


@require_POST
def cells(request: HttpRequest, type_key: str) -> HttpResponse:
    """Write a block of cells as one: paste, fill, emptying, undo and redo. Bad cells come back with a sentence each."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    block = read_block(_body(request))
    with unit_of_work(ctx):
        outcome = write_block(ctx, info, block)
    if outcome.refused:
        note(request, Refused(), what="cells", count=outcome.refused)
    answer = outcome.as_json(ctx, info, block.columns)
    if outcome.made or outcome.restored:
        answer["added"] = _new_rows(request, info, outcome.made or block.restore, block.columns)
    return JsonResponse(answer)


@require_POST
def texts(request: HttpRequest, type_key: str) -> HttpResponse:
    """The texts of a range of cells, as exports write them, for the clipboard."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    asked = _body(request)
    block = read_block({"columns": asked.get("keys"), "ids": asked.get("ids")})
    return JsonResponse({"texts": texts_of(ctx, info, block.ids, block.columns)})


def _new_rows(request: HttpRequest, info: TypeInfo, ids: list[UUID], columns: list[str]) -> str:
    """Added rows as the list shows them."""
    ctx = request.ctx  # type: ignore[attr-defined]
    fields = read.pick_fields(ctx, info, columns)
    found = read.read_ids(ctx, info, ids, [f.key for f in fields])
    read.load_titles(ctx, found.values(), fields)
    page = read.Page([found[pk] for pk in ids if pk in found], fields)
    return render(request, "list/rows.html", {"info": info, "lines": lines(ctx, info, page), "next_url": ""}).content.decode()


def _control(request: HttpRequest, info: TypeInfo, record: Record, one: Field) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    held: dict[str, object] = {one.key: read_value(record, one)}
    # What was typed and refused comes back to be mended.
    if "text" in request.GET:
        held[one.key] = request.GET["text"][:2000]
    around = {f.key: read_value(record, f) for f in gate.fields(ctx, info).values() if f.to and f.source == "column"}
    made = controls(ctx, [one], held, {}, within={**around, **held})[0]
    return render(request, "list/cell.html", {"info": info, "record": record, "control": made})


def _save(request: HttpRequest, info: TypeInfo, record: Record, one: Field) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    post = {**lists_of(request), SHOWN: [one.key]}
    columns = (post.get("columns") or [""])[-1].split(",")
    posted = read_posted(ctx, post, [one], needed=True)
    store_uploads(request, posted, [one])
    before = json_of(one, read_value(record, one))
    if not posted.errors:
        try:
            expected = whole_number((post.get("version") or [""])[-1])
            ctx.write(record, expected_version=expected, **{one.key: posted.values[one.key]})
        except Conflict as both:
            return _both(request, info, record, both, columns)
        except Invalid as wrong:
            posted.errors[one.key] = str(wrong.errors.get(one.key, "")) or wrong.sentence
    if posted.errors:
        return JsonResponse({"error": posted.errors[one.key], "typed": posted.typed.get(one.key, "")}, status=422)
    step = {"id": str(record.pk), "key": one.key, "before": before, "after": json_of(one, read_value(record, one))}
    return JsonResponse({"rows": shown_rows(ctx, info, [record.pk], columns), "steps": [step], "errors": []})


def _both(request: HttpRequest, info: TypeInfo, record: Record, both: Conflict, columns: list[str]) -> HttpResponse:
    """Somebody else changed this very cell: both values, to choose."""
    ctx = request.ctx  # type: ignore[attr-defined]
    values = contested(request, info, both)
    answer = {"error": both.sentence, "rows": shown_rows(ctx, info, [record.pk], columns)}
    if values:
        answer["html"] = render(request, "list/cell_both.html", {"both": values[0], "sentence": both.sentence}).content.decode()
    return JsonResponse(answer, status=409)


def _body(request: HttpRequest) -> Mapping[str, object]:
    """The posted JSON; raises Invalid for anything but an object."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(_("That could not be read. Load the page again and repeat it."), code="unreadable")
    return found
