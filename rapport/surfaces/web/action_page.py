"""Running a declared action from a page: at once when it asks nothing, else through the form of its inputs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action
from rapport.kernel.actions.running import find_action, offered, run_action
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import panels
from rapport.surfaces.web.answers import done, part_or_page
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.form import title_of
from rapport.surfaces.web.posted import SHOWN, Posted, lists_of, read_posted
from rapport.surfaces.web.toasts import undo_mark


@require_http_methods(["GET", "POST"])
def do(request: HttpRequest, type_key: str, record_id: UUID, action_key: str) -> HttpResponse:
    """GET asks what the action needs to know, POST runs it."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    action = find_action(info, action_key)
    gate.get(ctx, info, record_id, action.key)
    fields = input_fields(info, action)
    if request.method == "GET":
        start = {f.key: f.default for f in fields if f.default is not None} | suggested(ctx, info, action, record)
        started = read_posted(ctx, dict(request.GET.lists()), fields)
        return _ask(request, info, record, action, Posted(values={**start, **started.values}))
    posted = read_posted(ctx, lists_of(request), fields, needed=True)
    if posted.errors:
        return _ask(request, info, record, action, posted, status=422)
    before = record.version
    try:
        result = run_action(ctx, record, action.key, posted.values)
    except Invalid as wrong:
        sentence = posted.take(wrong)
        posted.errors = {k: v for k, v in posted.errors.items() if k in {f.key for f in fields}} or posted.errors
        if not set(posted.errors) & {f.key for f in fields}:
            sentence = wrong.sentence
        return _ask(request, info, record, action, posted, sentence=sentence, status=422)
    return _told(request, info, record, action, result, before)


def _told(
    request: HttpRequest, info: TypeInfo, record: Record, action: Action, result: object, before: int
) -> HttpResponse:
    """Go to what the action made, else stay; what it wrote to this record alone can be undone."""
    ctx = request.ctx  # type: ignore[attr-defined]
    fresh = gate.visible(ctx, info).filter(pk=record.pk).first()
    if isinstance(result, Record) and registry.of(result) is not info:
        target = registry.of(result)
        title = title_of(ctx, target, result)
        text = _("%(action)s: now “%(title)s”.") % {"action": action.label, "title": title}
        return done(request, text, target.record_url(result.pk))
    undo = undo_mark(fresh) if fresh is not None and fresh.version == before + 1 and result is None else ""
    text = _("%(title)s: %(action)s.") % {"title": title_of(ctx, info, record), "action": str(action.label).lower()}
    return done(request, text, info.record_url(record.pk) if fresh else info.url, undo=undo, stay=fresh is not None)


def input_fields(info: TypeInfo, action: Action) -> list[Field]:
    """The inputs of an action as fields."""
    return list(action.fields().values())


def suggested(ctx: Context, info: TypeInfo, action: Action, record: Record) -> dict[str, object]:
    """Inputs that are called like a field of the record start with its value, where the viewer may see it."""
    readable = gate.fields(ctx, info)
    return {
        name: read_value(record, readable[name])
        for name, given in action.inputs
        if name in readable and given.kind is type(readable[name].kind) and given.default is None
    }


def _ask(
    request: HttpRequest, info: TypeInfo, record: Record, action: Action, posted: Posted, *,
    sentence: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    ctx = request.ctx  # type: ignore[attr-defined]
    fields = input_fields(info, action)
    around = {f.key: read_value(record, f) for f in gate.fields(ctx, info).values() if f.to and f.source == "column"}
    special = panels(ctx, f"action.{info.key}.{action.key}", info, record)
    start = special[0].values.get("start") if special and request.method == "GET" else None
    if isinstance(start, dict):
        posted.values = {**posted.values, **start}
    values = {
        "info": info, "record": record, "action": action, "title": action.label, "sentence": sentence,
        "controls": controls(ctx, fields, posted.held, posted.errors, first=True, within={**around, **posted.values}),
        "shown_name": SHOWN, "shown": ",".join(f.key for f in fields), "back": info.record_url(record.pk),
        "record_title": title_of(ctx, info, record), "special": special[0] if special else None,
        "is_offered": action in offered(ctx, info, record), "held": posted.held,
    }  # fmt: skip
    return part_or_page(request, "form/action_dialog.html", "form/action.html", values, status=status)
