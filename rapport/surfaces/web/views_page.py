"""Keeping the state of a list as a view: save, save as, rename, share, delete; and what a person chooses among the views."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.engines.views.offered import Choice, choices, choose
from rapport.kernel.access import gate
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done, part_or_page
from rapport.surfaces.web.list_state import PARTS, ListState, read_state
from rapport.surfaces.web.saved_views import View
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_OFFERS = ("private", "team", "everyone")


@require_http_methods(["GET", "POST"])
def save_as(request: HttpRequest, type_key: str) -> HttpResponse:
    """Ask for a name and who may use it, then keep the state of the address as a new view."""
    ctx, info, state = _asked(request, type_key)
    own = registry.get("view")
    gate.demand(ctx, own, "create")
    given = _given(request, state.view)
    if request.method == "POST":
        try:
            view = ctx.create("view", on_type=info.key, **given, **_state_values(state), **_receivers(ctx, given))
            text = _("View “%(name)s” saved.") % {"name": view.name}  # type: ignore[attr-defined]
            return done(request, text, _open(ctx, info, view), undo=undo_mark(view))
        except Invalid as wrong:
            return _form(request, ctx, state, given, state.url("views/new"), error=wrong.sentence)
    return _form(request, ctx, state, {**given, "name": "", "audience": "private"}, state.url("views/new"))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, type_key: str, view_id: UUID) -> HttpResponse:
    """Rename a view, or change who may use it."""
    ctx, info, state = _asked(request, type_key)
    view = _mine(ctx, info, view_id, "edit")
    given = _given(request, next((one for one in state.views if one.id == view_id), state.view))
    address = state.url(f"views/{view_id}/edit")
    may_share = gate.may(ctx, registry.get("view"), view, "share")
    if request.method == "POST":
        try:
            ctx.write(view, **(given if may_share else {"name": given["name"]}), **(_receivers(ctx, given) if may_share else {}))
            return done(request, _("View changed."), _open(ctx, info, view), undo=undo_mark(view))
        except Invalid as wrong:
            return _form(request, ctx, state, given, address, view=view, error=wrong.sentence)
    given = {"name": view.name, "audience": view.audience, "others_may": view.others_may}  # type: ignore[attr-defined]
    return _form(request, ctx, state, given, address, view=view)


@require_POST
def save(request: HttpRequest, type_key: str, view_id: UUID) -> HttpResponse:
    """Keep the changed state under the name it has."""
    ctx, info, state = _asked(request, type_key)
    view = _mine(ctx, info, view_id, "edit")
    ctx.write(view, **_state_values(state))
    return done(request, _("View saved."), _open(ctx, info, view), undo=undo_mark(view))


@require_POST
def delete(request: HttpRequest, type_key: str, view_id: UUID) -> HttpResponse:
    """Take a view away; Undo brings it back with its place among the tabs."""
    ctx, info, _state = _asked(request, type_key)
    view = _mine(ctx, info, view_id, "delete")
    ctx.delete(view)
    text = _("View “%(name)s” deleted.") % {"name": view.name}  # type: ignore[attr-defined]
    return done(request, text, info.url, undo=undo_mark(gate.get(ctx, registry.get("view"), view_id, in_bin=True)))


@require_POST
def choose_view(request: HttpRequest, type_key: str) -> HttpResponse:
    """Make a view one's default, pin it to the navigation, or move its tab."""
    ctx, info, state = _asked(request, type_key)
    now = choices(ctx).get(info.key, Choice())
    keys = [view.key for view in state.views]
    key, what = state.view.key, request.POST.get("do", "")
    if what == "default":
        is_it = now.default == key
        choose(ctx, info.key, default="" if is_it else key)
        text = _("The first view opens first again.") if is_it else _("“%(view)s” opens first from now on.")
    elif what == "pin":
        is_it = key in now.pinned
        choose(ctx, info.key, pinned=[k for k in now.pinned if k != key] if is_it else [*now.pinned, key])
        text = _("“%(view)s” left the navigation.") if is_it else _("“%(view)s” stands in the navigation now.")
    elif what in ("earlier", "later"):
        at = keys.index(key)
        to = max(0, min(len(keys) - 1, at + (-1 if what == "earlier" else 1)))
        keys.insert(to, keys.pop(at))
        choose(ctx, info.key, order=keys)
        text = _("“%(view)s” is tab %(place)d of %(count)d.")
    else:
        raise Gone(_("There is no such choice."))
    place = {"view": state.view.label, "place": keys.index(key) + 1, "count": len(keys)}
    return done(request, text % place, state.url())


def _asked(request: HttpRequest, type_key: str) -> tuple[Context, TypeInfo, ListState]:
    """The state in the address of the request."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    layout = "board" if request.GET.get("layout") == "board" and info.declared.board else "list"
    given = {key: value for key, value in request.GET.dict().items() if key in PARTS}
    return ctx, info, read_state(ctx, info, given, layout=layout)


def _mine(ctx: Context, info: TypeInfo, view_id: UUID, verb: str) -> Record:
    view = gate.get(ctx, registry.get("view"), view_id, verb)
    if view.on_type != info.key:  # type: ignore[attr-defined]
        raise Gone(_("There is no such view."))
    return view


def _given(request: HttpRequest, view: View) -> dict[str, object]:
    """What the form says."""
    audience = request.POST.get("audience", "private")
    return {
        "name": request.POST.get("name", view.label).strip(),
        "audience": audience if audience in _OFFERS else "private",
        "others_may": "edit" if request.POST.get("others_may") == "edit" else "read",
    }


def _receivers(ctx: Context, given: dict[str, object]) -> dict[str, object]:
    return {"to_team": ctx.viewer.team_id if given["audience"] == "team" else None}


def _state_values(state: ListState) -> dict[str, object]:
    """The state as the fields of a view. Raises Invalid for a state that does not work."""
    if state.error:
        raise Invalid(state.error)
    columns = ",".join(state.columns) if state.own_columns or state.view.columns else ""
    return {
        "matching": state.filter, "sorting": state.sort, "columns": columns, "grouping": state.group, "layout": state.layout,
    }  # fmt: skip


def _open(ctx: Context, info: TypeInfo, view: Record) -> str:
    """The address of a view as tabs and pins write it."""
    state = read_state(ctx, info, {"view": str(view.pk)})
    return state.url(view=str(view.pk))


def _form(
    request: HttpRequest, ctx: Context, state: ListState, given: dict[str, object], address: str, *, view: Record | None = None,
    error: str = "",
) -> HttpResponse:  # fmt: skip
    own = registry.get("view")
    values = {
        "state": state, "info": state.info, "given": given, "address": address, "error": error,
        "view": view,
        "may_share": gate.allows(ctx, own, "share") if view is None else gate.may(ctx, own, view, "share"),
        "team": ctx.viewer.chart.team_names.get(ctx.viewer.team_id, "") if ctx.viewer.team_id else "",
    }  # fmt: skip
    return part_or_page(request, "list/view_form.html", "list/view_page.html", values, status=422 if error else 200)

