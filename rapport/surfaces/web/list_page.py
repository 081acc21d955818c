"""The list of a record type: saved views, filter, sorted keyset pages, totals. Parts load as they come into sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.engines.duplicates.registry import identity_of
from rapport.engines.exports.formats import formats_for
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action, actions_of
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.markup import avatar
from rapport.kernel.query import read
from rapport.kernel.query.text import parse
from rapport.kernel.query.totals import count
from rapport.kernel.query.totals import totals as totals_of
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import has_board
from rapport.surfaces.web.bulk import bulk_keys
from rapport.surfaces.web.filter_chips import Chip, chips
from rapport.surfaces.web.filter_text import error_place
from rapport.surfaces.web.grid_rows import editable
from rapport.surfaces.web.list_groups import Shown, group_choices, grouped, within_group
from rapport.surfaces.web.list_state import ListState, read_state
from rapport.surfaces.web.shell import DEPARTMENTS, is_part, render

PAGE = 50
#: Kinds that stand on the right of a phone's first line, on its second line, and on the right of that one.
_BADGES, _WORDS, _TIMES = ("choice", "money"), ("reference", "phone", "email"), ("date", "datetime")


@dataclass(frozen=True)
class Line:
    """One row ready to show: its cells after the title as one piece of HTML, and the three that a phone shows."""

    id: object
    version: int
    url: str
    title: str
    mark: SafeString
    cells: SafeString
    badge: object = ""
    words: object = ""
    time: object = ""


@require_GET
def list_page(request: HttpRequest, type_key: str) -> HttpResponse:
    """The whole list page with its first rows, or the rows after `cursor` for browsers without script."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(ctx, info, request.GET.dict())
    if "column" in request.GET:
        return HttpResponseRedirect(state.url(columns=",".join(request.GET.getlist("column"))))
    if not request.GET and state.has_own_default:
        return HttpResponseRedirect(state.url(view=next(view.key for view in state.views if view.is_default)))
    if set(request.GET) == {"view"} and state.view.is_private and state.view.works:
        return HttpResponseRedirect(state.url(view=state.view.key))  # the bar shall hold what can be mailed
    groups, state = _grouped(ctx, state)
    page, state = _read(ctx, state, request.GET.get("cursor", ""), is_grouped=groups is not None)
    values = {
        **_shown(ctx, state, page),
        "chips": chips(ctx, state),
        "actions": _bulk_actions(ctx, info),
        "settling": any(r.on_type == info.key and r.is_active and not r.is_live for r in ctx.viewer.chart.rules.values()),
        "may": {verb: gate.allows(ctx, info, verb) for verb in ("create", "edit", "delete", "import", "export")}
        | {"merge": identity_of(info.key) is not None and gate.allows(ctx, info, "merge")},
        "export_formats": formats_for(info),
        "all_fields": list(gate.fields(ctx, info).values()),
        "column_order": read.pick_fields(ctx, info, dict.fromkeys([*state.columns, *gate.fields(ctx, info)])),
        "department": department_of(info),
        "sorts": [f for f in gate.fields(ctx, info).values() if f.sort_path],
        "seen_types": [r.type.key for r in info.relations.values() if gate.allows(ctx, r.type, "view")],
        "group_choices": group_choices(ctx, state),
        "groups": groups,
        "has_board": has_board(ctx, info),
        "may_save": gate.allows(ctx, registry.get("view"), "create"),
        "text_at": error_place(state),
        "editable": editable(ctx, info),
        "bulk_keys": bulk_keys(ctx, info),
        "empty": None,
        "quick_url": f"/quick-add?type={info.key}" if department_of(info) else "",
    }
    if not page.rows and not state.error and not (groups and groups.heads):
        values["empty"] = _why_empty(ctx, state)
    return render(request, "list/page.html", values, status=422 if state.error else 200)


@require_GET
def rows(request: HttpRequest, type_key: str) -> HttpResponse:
    """The next rows of a list; opened as an address of its own, the list page from there on."""
    if not is_part(request):
        return list_page(request, type_key)
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(ctx, info, request.GET.dict())
    group = request.GET.get("in", "")
    page, state = _read(ctx, within_group(ctx, state, group) if group else state, request.GET.get("cursor", ""))
    if state.error:
        raise Invalid(state.error)
    return render(request, "list/rows.html", {**_shown(ctx, state, page, group), "groups": None})


@require_GET
def tabs(request: HttpRequest, type_key: str) -> HttpResponse:
    """The saved views with how many records each has (capped): one query a view, after the page is there."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(ctx, info, request.GET.dict())
    counts = {v.key: count(ctx, read.filtered(ctx, info, parse(v.filter))).text for v in state.views if v.works}
    may_save = gate.allows(ctx, registry.get("view"), "create")
    return render(request, "list/tabs.html", {"state": state, "counts": counts, "may_save": may_save})


@require_GET
def totals(request: HttpRequest, type_key: str) -> HttpResponse:
    """Count and sums of the filtered list, after the rows are there."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(ctx, info, request.GET.dict())
    if state.error:
        raise Invalid(state.error)
    found = totals_of(ctx, info, read.filtered(ctx, info, state.node))
    fields = read.pick_fields(ctx, info, state.columns)
    sums = {f.key: f.kind.figure(found.sums[f.key], ctx.format) for f in fields if found.sums.get(f.key) is not None}
    noun = info.label if found.count == 1 else info.plural
    return render(
        request,
        "list/totals.html",
        {
            "state": state,
            "fields": fields,
            "totals": found,
            "sums": sums,
            "noun": noun,
            "other_sums": {
                f.label: f.kind.figure(found.sums[f.key], ctx.format)
                for f in gate.fields(ctx, info).values()
                if found.sums.get(f.key) is not None and f.key not in sums
            },
        },
    )


def _grouped(ctx: Context, state: ListState) -> tuple[Shown | None, ListState]:
    """The groups of the list; where it cannot be grouped, the state with the sentence that says why."""
    try:
        return grouped(ctx, state), state
    except Invalid as wrong:
        return None, replace(state, error=wrong.sentence)


def _read(ctx: Context, state: ListState, cursor: str, *, is_grouped: bool = False) -> tuple[read.Page, ListState]:
    """One page of rows; there are none where filter or sort do not work, and in a grouped list before a group is opened."""
    none = read.Page([], read.pick_fields(ctx, state.info, state.columns))
    if state.error or is_grouped:
        return none, state
    try:
        page = read.read_page(
            ctx, state.info, where=state.node, sort=state.sort, fields=state.columns, limit=PAGE, cursor=cursor
        )
    except Invalid as wrong:
        if wrong.code != "too_many_ties":
            raise
        return none, replace(state, error=wrong.sentence)
    read.load_titles(ctx, page.rows, page.fields)
    return page, state


def _shown(ctx: Context, state: ListState, page: read.Page, group: str = "") -> dict[str, object]:
    further = {"cursor": page.next, **({"in": group} if group else {})}
    return {
        "state": state,
        "info": state.info,
        "fields": page.fields,
        "lines": lines(ctx, state.info, page),
        "next_url": state.url("rows", **further) if page.next else "",
        "next_page": state.url("", **further) if page.next else "",
    }


def lines(ctx: Context, info: TypeInfo, page: read.Page) -> list[Line]:
    """Rows as cells, formatted by their kinds."""
    title = info.declared.title
    badge, words, time = phone_places(page.fields, title)
    # Joined here and not in the template, which took 5 ms longer for 50 rows.
    opening = [f'<td class="{"r " if f.kind.align == "end" else ""}k-{f.kind.key}">' for f in page.fields]
    kinds = [(f.key, f.kind.cell) for f in page.fields]
    found = []
    for row in page.rows:
        cells = [cell(row.values[key], ctx.format) for key, cell in kinds]
        html = "".join(f"{td}{escape(one)}</td>" for td, one in list(zip(opening, cells, strict=True))[1:])
        name = (
            info.title_field.kind.text(row.values[title], ctx.format)
            if any(f.key == title for f in page.fields)
            else ""
        )
        name = name or _("Without a name")
        small = [
            next((cells[i] for i in some if row.values[page.fields[i].key] is not None), "")
            for some in (badge, words, time)
        ]
        mark = SafeString(avatar(name, read.mark_shape(info, row.is_person)))
        found.append(Line(row.id, row.version, info.record_url(row.id), name, mark, SafeString(html), *small))
    return found


def phone_places(fields: Sequence[Field], title: str) -> tuple[list[int], list[int], list[int]]:
    """Positions of the columns that a phone's row may show beside the title; the first with a value counts."""
    rest = [(i, f.kind.key) for i, f in enumerate(fields) if f.key != title]
    badge = [i for kind in _BADGES for i, key in rest if key == kind][:1]
    # The last text says most (the next step); of references the first (whom it is about).
    words = [i for i, key in reversed(rest) if key == "text"] + [i for kind in _WORDS for i, key in rest if key == kind]
    time = [i for i, key in reversed(rest) if key in _TIMES]
    return badge, words, time


def _bulk_actions(ctx: Context, info: TypeInfo) -> list[Action]:
    return [one for one in actions_of(info.key).values() if one.bulk and gate.allows(ctx, info, one.key)]


@dataclass(frozen=True)
class Loosen:
    """A condition that keeps the list empty, and where the list without it is."""

    chip: Chip
    url: str


@dataclass(frozen=True)
class Empty:
    """Why a list shows nothing: nothing there at all, or conditions that leave nothing over."""

    is_first: bool
    loosen: list[Loosen]


def _why_empty(ctx: Context, state: ListState) -> Empty:
    """Ask which single condition, taken away, would bring records back."""
    if not state.tests or not gate.visible(ctx, state.info).exists():
        return Empty(True, [])
    found = []
    for at, chip in enumerate(chips(ctx, state)[:6]):
        left = state.without(at)
        if read.filtered(ctx, state.info, parse(left)).exists():
            found.append(Loosen(chip, state.url(filter=left)))
    return Empty(False, found)


def department_of(info: TypeInfo) -> str:
    """The label of the department a type belongs to, for the breadcrumb."""
    key = info.declared.menu[0] if info.declared.menu else ""
    return next((str(label) for k, label, _icon in DEPARTMENTS if k == key), "")
