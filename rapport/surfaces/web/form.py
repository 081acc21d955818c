"""Creating and changing a record in a form: as a page, or as a dialog over the page one is on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.engines.words.layouts import Layout, layout_of
from rapport.kernel.access import gate
from rapport.kernel.changes.values import defaults, read_value, settable_fields
from rapport.kernel.errors import Conflict, Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.declare import Related
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done, part_or_page
from rapport.surfaces.web.conditions import drop_hidden, marked, state_of
from rapport.surfaces.web.conflict import choices_of, conflict_page, touched_only
from rapport.surfaces.web.controls import Group, controls, few_options, form_fields
from rapport.surfaces.web.duplicates import twin_keys
from rapport.surfaces.web.files import store_uploads
from rapport.surfaces.web.posted import SHOWN, Posted, lists_of, read_posted, whole_number
from rapport.surfaces.web.related import derived
from rapport.surfaces.web.shell import is_part
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: How many fields a dialog shows before "More fields".
_FIRST_GROUPS = 1


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, type_key: str) -> HttpResponse:
    """The form of a new record; the address may bring values (?customer=…), and /add/ a reference to start from."""
    return _create(request, registry.get(type_key), {})


@require_http_methods(["GET", "POST"])
def add_related(request: HttpRequest, type_key: str, record_id: UUID, other_key: str) -> HttpResponse:
    """A new record that points at this one (by ?by=<field>, else by its first reference to the type)."""
    info, other = registry.get(type_key), registry.get(other_key)
    record = gate.get(request.ctx, info, record_id)  # type: ignore[attr-defined]
    by = request.GET.get("by") or request.POST.get("by") or ""
    fitting = [f for f in other.fields.values() if f.to == info.key and f.source == "column" and f.writable]
    chosen = next((f for f in fitting if f.key == by), fitting[0] if fitting else None)
    start = {chosen.key: record.pk} if chosen else {}
    only = _columns_of(info, other, chosen.key) if chosen and "inline" in request.GET and is_part(request) else ()
    return _create(request, other, start, came_from=info.record_url(record.pk), only=only)


def _columns_of(info: TypeInfo, other: TypeInfo, by: str) -> tuple[str, ...]:
    """What the panel of these records shows; a short form inside the panel asks for that and for what is needed."""
    parts = [*(p for p in info.declared.page if isinstance(p, Related)), *(part for part, _sort in derived(info))]
    return next((tuple(p.columns) for p in parts if p.type == other.key and p.field == by), (other.declared.title,))


def _create(
    request: HttpRequest, info: TypeInfo, start: Mapping[str, object], came_from: str = "", only: Sequence[str] = ()
) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, info, "create")
    settable = settable_fields(ctx, info, creating=True)
    layout = layout_of(ctx, info)
    # What the address brings stands on the form, also where the layout leaves it out: else it would be lost on saving.
    groups = form_fields(info, settable, layout, also=_asked_for(request))
    if only:
        some = [f for f in _flat(groups) if (f.required or f.key in only) and f.key not in start]
        groups = [("", sorted(some, key=lambda f: only.index(f.key) if f.key in only else -1))]
    sentence, posted = "", Posted()
    if request.method == "POST":
        posted = read_posted(ctx, lists_of(request), _flat(groups), needed=True)
        store_uploads(request, posted, _flat(groups))
        drop_hidden(request, ctx, info, posted)
        if not posted.errors:
            try:
                made = ctx.create(info.key, **{**start, **{k: v for k, v in posted.values.items() if v is not None}})
            except Invalid as wrong:
                sentence = posted.take(wrong)
                groups = _with_refused(info, settable, layout, groups, posted)
            else:
                return _created(request, info, made, came_from)
    else:
        posted = read_posted(ctx, dict(request.GET.lists()), settable.values())
        posted.values = {**defaults(ctx, info, {}, settable), **start, **posted.values}
        posted.errors = {}
        _start_at_first(ctx, groups, posted)
    return _show(request, info, None, groups, posted, sentence=sentence, came_from=came_from)


def _start_at_first(ctx: Context, groups: list[tuple[str, list[Field]]], posted: Posted) -> None:
    """A new record starts at the first of a short list it must choose from (the first stage of the first pipeline)."""
    for one in _flat(groups):
        if one.required and posted.values.get(one.key) is None:
            options = few_options(ctx, one, posted.values)
            if options:
                posted.values[one.key] = options[0][0]


def _created(request: HttpRequest, info: TypeInfo, made: Record, came_from: str) -> HttpResponse:
    title = title_of(request.ctx, info, made)  # type: ignore[attr-defined]
    text = _("%(type)s “%(title)s” was added.") % {"type": capital(info.label), "title": title}
    if "again" in request.POST:
        kept = request.META.get("QUERY_STRING", "")
        return done(request, text, f"{request.path}?{kept}" if kept else request.path, undo=undo_mark(made))
    return done(
        request,
        text,
        came_from or info.record_url(made.pk),
        undo=undo_mark(made),
        stay=bool(came_from) or "stay" in request.GET,
    )


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The form of all fields of a record that this viewer may set. What somebody else changed meanwhile is shown."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id, "edit")
    settable = settable_fields(ctx, info, creating=False)
    layout = layout_of(ctx, info)
    groups = form_fields(info, settable, layout, also=_asked_for(request))
    if request.method != "POST":
        held = Posted(values={f.key: read_value(record, f) for f in _flat(groups)})
        return _show(request, info, record, groups, held)
    post = lists_of(request)
    posted = read_posted(ctx, post, _flat(groups), needed=True)
    store_uploads(request, posted, _flat(groups))
    drop_hidden(request, ctx, info, posted)
    if posted.errors:
        return _show(request, info, record, groups, posted)
    values = choices_of(post, posted.values)
    version = _version(post, record)
    try:
        _write_touched(ctx, record, values, version)
    except Conflict as both:
        if not both.fields:
            return _show(request, info, record, groups, posted, sentence=both.sentence)
        return conflict_page(request, info, gate.get(ctx, info, record_id), both, post)
    except Invalid as wrong:
        sentence = posted.take(wrong)
        groups = _with_refused(info, settable, layout, groups, posted)
        posted.values = {**{f.key: read_value(record, f) for f in _flat(groups)}, **posted.values}
        return _show(request, info, record, groups, posted, sentence=sentence)
    undo = undo_mark(record) if record.version != version else ""
    return done(request, _("Saved."), info.record_url(record.pk), undo=undo, stay="stay" in post)


def _asked_for(request: HttpRequest) -> list[str]:
    """The fields that the address or the posted form brings, and those that it showed."""
    return [*request.GET, *request.POST, *",".join(request.POST.getlist(SHOWN)).split(",")]


def _with_refused(
    info: TypeInfo, settable: Mapping[str, Field], layout: Layout | None, groups: list[tuple[str, list[Field]]], posted: Posted
) -> list[tuple[str, list[Field]]]:
    """The form with every field that was refused, also one that the layout leaves out: it must be there to be mended."""
    there = {field.key for field in _flat(groups)}
    missing = [key for key in posted.errors if key in settable and key not in there]
    return form_fields(info, settable, layout, also=[*there, *missing]) if layout and missing else groups


def _write_touched(ctx: Context, record: Record, values: dict[str, object], version: int) -> None:
    """Write; a field that somebody else changed and this person left alone is no conflict, it stays as it is."""
    try:
        ctx.write(record, expected_version=version, **values)
    except Conflict as both:
        rest = touched_only(both, values)
        if rest is None:
            raise
        ctx.write(record, expected_version=version, **rest)


def _show(
    request: HttpRequest, info: TypeInfo, record: Record | None, groups: list[tuple[str, list[Field]]], held: Posted, *,
    sentence: str = "", came_from: str = "",
) -> HttpResponse:  # fmt: skip
    ctx = request.ctx  # type: ignore[attr-defined]
    live = state_of(ctx, info, record, held)
    shown = []
    for at, (label, fields) in enumerate(groups):
        made = marked(controls(ctx, fields, held.held, held.errors, first=at == 0), live)
        is_open = at < _FIRST_GROUPS or any(c.error for c in made) or not is_part(request)
        shown.append(Group(capital(label), made, is_open))
    values = {
        "info": info, "record": record, "groups": shown, "errors": held.errors, "sentence": sentence,
        "shown_name": SHOWN, "shown": ",".join(f.key for f in _flat(groups)),
        "title": title_of(ctx, info, record) if record else _("New %(type)s") % {"type": info.label},
        "version": request.POST.get("version", record.version) if record else 0,
        "back": came_from or (info.record_url(record.pk) if record else info.url), "is_part": is_part(request),
        "came_from": came_from, "by": request.GET.get("by") or request.POST.get("by") or "",
        "twin_keys": ",".join(twin_keys(ctx, info)),
        "watched": ",".join(sorted(live.watched)) if live else "",
        "draft": f"{request.path}" if record else f"{info.key}/new", "once": uuid4().hex,
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    part = "form/inline.html" if "inline" in request.GET and not record else "form/dialog.html"
    return part_or_page(request, part, "form/page.html", values, status=status)


def title_of(ctx: Context, info: TypeInfo, record: Record) -> str:
    """The title of a record as people read it, or the label of its type when this viewer may not see it."""
    field = gate.fields(ctx, info).get(info.declared.title)
    value = read_value(record, field) if field else None
    if field is None or value is None:
        return capital(info.label)
    refs = list(getattr(field.kind, "references", lambda v: ())(value))
    for key, pk in refs:
        if (key, pk) not in ctx.format.titles:
            from_type = registry.get(key)
            for found, text in gate.titles(ctx, from_type, {pk}).items():
                return str(text) if found == pk else capital(info.label)
    return field.kind.text(value, ctx.format) or capital(info.label)


def _flat(groups: list[tuple[str, list[Field]]]) -> list[Field]:
    return [field for _label, fields in groups for field in fields]


def _version(post: Mapping[str, list[str]], record: Record) -> int:
    given = whole_number((post.get("version") or [""])[-1])
    return record.version if given is None else given



__all__ = ["add_related", "create", "edit", "title_of"]
