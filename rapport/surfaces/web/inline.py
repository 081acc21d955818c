"""Editing one property in place: its control, saving it, and both values when somebody else changed it meanwhile."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value, settable_fields
from rapport.kernel.errors import Conflict, Invalid, Refused
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.conflict import contested
from rapport.surfaces.web.controls import controls, needed_fields
from rapport.surfaces.web.files import store_uploads
from rapport.surfaces.web.posted import SHOWN, Posted, lists_of, read_posted, whole_number
from rapport.surfaces.web.properties import property_of
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import trigger


@require_http_methods(["GET", "POST"])
def field(request: HttpRequest, type_key: str, record_id: UUID, key: str) -> HttpResponse:
    """GET brings the control (`?show=1` puts the value back), POST saves it."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    readable = gate.fields(ctx, info)
    if key not in readable:
        raise gate.Gone(f"{info.label}: {key[:60]}")
    if request.method == "GET" and "show" in request.GET:
        return _show(request, info, record, readable[key])
    if not gate.may(ctx, info, record, "edit") or key not in settable_fields(ctx, info, creating=False):
        raise Refused("")
    one = needed_fields(info, [readable[key]])[0]
    if request.method == "GET":
        return _control(request, info, record, one, Posted(values={key: read_value(record, one)}))
    return _save(request, info, record, one)


def _save(request: HttpRequest, info: TypeInfo, record: Record, one: Field) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    post = {**lists_of(request), SHOWN: [one.key]}
    posted = read_posted(ctx, post, [one], needed=True)
    store_uploads(request, posted, [one])
    if posted.errors:
        return _control(request, info, record, one, posted, status=422)
    given = (post.get("version") or [""])[-1]
    try:
        ctx.write(record, expected_version=whole_number(given), **{one.key: posted.values[one.key]})
    except Conflict as both:
        rows = contested(request, info, both)
        if not rows and both.fields:
            return _show(request, info, gate.get(ctx, info, record.pk), one)
        fresh = gate.get(ctx, info, record.pk)
        return _control(request, info, fresh, one, posted, both=rows[0] if rows else None, status=409)
    except Invalid as wrong:
        posted.errors.setdefault(one.key, wrong.sentence)
        posted.take(wrong)
        return _control(request, info, record, one, posted, status=422)
    if not is_part(request):
        return done(request, "", info.record_url(record.pk))
    return trigger(_show(request, info, record, one, saved=True), recordChanged={"field": one.key})


def _show(request: HttpRequest, info: TypeInfo, record: Record, one: Field, *, saved: bool = False) -> HttpResponse:
    """The property at rest."""
    ctx = request.ctx  # type: ignore[attr-defined]
    value = read_value(record, one)
    load_titles(ctx, [Row(record.pk, record.version, {one.key: value})], [one])
    shown = property_of(ctx, one, value, editable=gate.may(ctx, info, record, "edit"), saved=saved)
    return render(request, "record/_property.html", {"info": info, "record": record, "one": shown})


def _control(
    request: HttpRequest, info: TypeInfo, record: Record, one: Field, posted: Posted, *,
    both: dict[str, object] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The property with its control."""
    ctx = request.ctx  # type: ignore[attr-defined]
    around = {f.key: read_value(record, f) for f in gate.fields(ctx, info).values() if f.to and f.source == "column"}
    made = controls(ctx, [one], posted.held, posted.errors, first=True, within={**around, **posted.held})[0]
    values = {"info": info, "record": record, "control": made, "both": both}
    return render(request, "record/_edit.html", values, status=status)
