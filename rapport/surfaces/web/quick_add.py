"""Write it down: the shortest way to a new record. A type, a name, the few fields that are needed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import gate
from rapport.kernel.changes.values import defaults, settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import part_or_page
from rapport.surfaces.web.bulk import back_url
from rapport.surfaces.web.controls import controls, needed_fields
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.shell import DEPARTMENTS, is_part
from rapport.surfaces.web.toasts import say, undo_mark

#: Fields beside the title that the short form shows.
FEW = 6
_TOO_MUCH = frozenset({"longtext", "markdown", "address", "file", "multichoice", "anyref", "yesno", "datetime", "web"})


@require_http_methods(["GET", "POST"])
def quick_add(request: HttpRequest) -> HttpResponse:
    """The short form, and what it posts."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    types = addable(ctx)
    given = request.POST if request.method == "POST" else request.GET
    info = next((t for t in types if t.key == given.get("type", "")), types[0] if types else None)
    if info is None or (given.get("type") and given["type"] != info.key):
        raise Gone(_("There is nothing of this kind to write down, or your role does not allow it."))
    fields = few_fields(ctx, info)
    if request.method == "GET":
        start = {
            **defaults(ctx, info, {}, {f.key: f for f in fields}),
            info.declared.title: given.get("title", "")[:200] or None,
        }
        return _show(request, types, info, fields, Posted(values=start))
    if "row" in request.POST:
        return _from_row(request, info)
    posted = read_posted(ctx, lists_of(request), fields, needed=True)
    if not posted.errors:
        try:
            made = ctx.create(info.key, **{k: v for k, v in posted.values.items() if v is not None})
        except Invalid as wrong:
            return _show(request, types, info, fields, posted, sentence=posted.take(wrong), status=422)
        return _done(request, info, made)
    return _show(request, types, info, fields, posted, status=422)


def addable(ctx: Context) -> list[TypeInfo]:
    """The types with a place in the navigation that the viewer may create, departments in their order."""
    order = {key: at for at, (key, _label, _icon) in enumerate(DEPARTMENTS)}
    found = [
        t for t in registry.all() if t.declared.menu and t.declared.menu[0] in order and gate.allows(ctx, t, "create")
    ]
    return sorted(found, key=lambda t: order[t.declared.menu[0]] or 99)  # type: ignore[index]


def few_fields(ctx: Context, info: TypeInfo) -> list[Field]:
    """The title, what is required, and what finds the record again; as many as fit without scrolling."""
    settable = settable_fields(ctx, info, creating=True)
    title = [settable[info.declared.title]] if info.declared.title in settable else []
    needed = [f for f in settable.values() if f.required and f not in title]
    keys = dict.fromkeys([*info.declared.search, *info.declared.list_columns])
    rest = [settable[k] for k in keys if k in settable and settable[k] not in (*title, *needed)]
    rest = [
        f
        for f in rest
        if f.kind.key not in _TOO_MUCH and not (f.by_action and not f.required) and f.key != "external_id"
    ]
    kinds = [f for k, f in settable.items() if k == "kind" and f not in (*title, *needed, *rest)]
    return needed_fields(info, [*title, *needed, *kinds, *rest][: max(FEW, len(title) + len(needed))])


def _show(
    request: HttpRequest,
    types: list[TypeInfo],
    info: TypeInfo,
    fields: list[Field],
    held: Posted,
    *,
    sentence: str = "",
    status: int = 200,
) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    values = {
        "types": types,
        "info": info,
        "sentence": sentence,
        "controls": controls(ctx, fields, held.held, held.errors, first=True),
        "title_key": info.declared.title,
        "typed": held.held.get(info.declared.title) or "",
        "keep": "keep" in request.POST,
        "twin_url": f"/duplicates/{info.key}",
    }
    return part_or_page(request, "quick_add/form.html", "quick_add/page.html", values, status=status)


def _done(request: HttpRequest, info: TypeInfo, made: object) -> HttpResponse:
    """Tell, and go to the new record, or stay for the next one."""
    title = _("%(type)s saved.") % {"type": capital(info.label)}
    say(request, title, undo=undo_mark(made))  # type: ignore[arg-type]
    url = f"/quick-add?{urlencode({'type': info.key})}" if "keep" in request.POST else info.record_url(made.pk)  # type: ignore[attr-defined]
    if is_part(request):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


def _from_row(request: HttpRequest, info: TypeInfo) -> HttpResponse:
    """The last row of a list: a name alone. Where more is needed, the form opens with the name in it."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    title = request.POST.get("title", "").strip()
    try:
        made = ctx.create(info.key, **{info.declared.title: title})
    except Invalid:
        return HttpResponseRedirect(f"{info.url}new?{urlencode({info.declared.title: title})}")
    say(request, _("“%(title)s” added.") % {"title": title[:60]}, undo=undo_mark(made))
    return HttpResponseRedirect(back_url(request, info))
