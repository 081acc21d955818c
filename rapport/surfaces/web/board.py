"""The board of a type: its columns with counts and sums, cards page by page, and moving a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.query.board import Column, read_board, read_column
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import Node
from rapport.kernel.records.declare import Board
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_cards import ShownColumn, card_fields, latest_page, prepare, shown_cards, shown_column
from rapport.surfaces.web.board_lanes import lanes
from rapport.surfaces.web.board_values import board_of, demand_quick, has_values, may_move, pickable
from rapport.surfaces.web.board_values import shown as worth_showing
from rapport.surfaces.web.filter_chips import chips
from rapport.surfaces.web.list_state import PARTS, ListState, read_state
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.stages import board_columns, column_of, column_title

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Cards that a column shows at first, half as many again as a screen has; and that come with each further step down.
_FIRST, _PER_COLUMN = 12, 50


@require_GET
def page(request: HttpRequest, type_key: str) -> HttpResponse:
    """The board of one pipeline (`?within=`) in the state of the address, in lanes for each owner with `?lanes=owner`."""
    ctx, info, board = board_of(request, type_key)
    gate.demand(ctx, info, "view")
    withins = _withins(ctx, info, board)
    within = _chosen(withins, request.GET.get("within", ""))
    state = _state(ctx, info, request, within)
    by_values = has_values(info)
    if by_values and not state.error:
        state = _quick(ctx, info, state)
    columns = [] if by_values and state.error else board_columns(ctx, info, within.pk if within else None)
    by_owner = "lanes" in dict(state.kept) and not state.error
    where = None if state.error else state.node
    shown, sums = ([], []) if by_owner else _columns(ctx, info, columns, where)
    title = capital(info.plural)
    values = {
        "info": info,
        "title": title,
        "columns": [one for one in shown if one.outcome == "open"],
        "ended": [one for one in shown if one.outcome != "open"],
        "lanes": lanes(ctx, state, columns) if by_owner else None,
        "stages": columns,
        "withins": [(w, column_title(w)) for w in withins],
        "within": within,
        "within_title": column_title(within) if within else "",
        "sums": sums,
        "state": state,
        "chips": chips(ctx, state),
        "filter": state.filter,
        "sentence": state.error,
        "may_create": gate.allows(ctx, info, "create"),
        "may_save": gate.allows(ctx, registry.get("view"), "create"),
        "may_lane": "owner" in gate.fields(ctx, info),
        "by": board.by,
        "by_label": gate.fields(ctx, info)[board.by].label if by_values else "",
        "bys": pickable(ctx, info) if by_values else [],
        "may_move": may_move(ctx, info) if by_values else gate.allows(ctx, info, board.move),
        "list_url": state.in_layout("list"),
        "query": _query(state.filter, within, board.by if by_values else ""),
        "settings_url": f"/settings/fields/{info.key}" if by_values else registry.get(info.fields[board.by].to).url,
        "may_set_up": gate.allows(ctx, registry.get(info.fields[board.by].to or "custom_field"), "create"),
    }
    return render(request, "board/_columns.html" if is_part(request) else "board/page.html", values)


def _state(ctx: Context, info: TypeInfo, request: HttpRequest, within: Record | None) -> ListState:
    """The state of the address; what the views of the type say about it is said about its board too."""
    given = {key: value for key, value in request.GET.dict().items() if key in PARTS}
    kept = {"within": str(within.pk) if within and request.GET.get("within") else ""}
    if request.GET.get("lanes") == "owner" and "owner" in gate.fields(ctx, info):
        kept["lanes"] = "owner"
    if has_values(info) and request.GET.get("by"):
        kept["by"] = info.declared.board.by  # type: ignore[union-attr]
    return replace(read_state(ctx, info, given, layout="board"), kept=tuple(kept.items()))


def _quick(ctx: Context, info: TypeInfo, state: ListState) -> ListState:
    """The state, with the sentence that says why a board of choices cannot be shown."""
    try:
        demand_quick(ctx, info)
    except Invalid as wrong:
        return replace(state, error=wrong.sentence)
    return state


def _columns(
    ctx: Context, info: TypeInfo, columns: Sequence[Record], where: Node | None
) -> tuple[list[ShownColumn], list[tuple[str, object]]]:
    """The columns with their first cards, and the sums over those that are open."""
    closed = frozenset(c.pk for c in columns if getattr(c, "outcome", "open") != "open")
    fields = card_fields(ctx, info)
    found = read_board(ctx, info, columns, where=where, limit=_FIRST, fields=fields, folded=closed)
    latest = {one.record.pk: latest_page(ctx, info, one, where) for one in found}
    prepare(ctx, [one.page or latest[one.record.pk] for one in found])
    shown = [shown_column(ctx, info, one, latest=latest[one.record.pk]) for one in worth_showing(found)]
    return shown, board_sums(ctx, info, found)


@require_GET
def column(request: HttpRequest, type_key: str, column_id: UUID) -> HttpResponse:
    """Further cards of a column, or the cards of a folded one."""
    ctx, info, board = board_of(request, type_key)
    gate.demand(ctx, info, "view")
    record = column_of(ctx, info, column_id)
    where, _sentence = _where(request.GET.get("filter", "")[:2000])
    got = read_column(
        ctx,
        info,
        record,
        where=where,
        limit=_PER_COLUMN,
        fields=card_fields(ctx, info),
        cursor=request.GET.get("cursor", ""),
    )
    prepare(ctx, [got])
    within = (
        read_value(record, registry.of(record).fields[board.within])
        if not has_values(info) and board.within in registry.of(record).fields
        else None
    )
    values = {
        "info": info,
        "cards": shown_cards(ctx, info, got, record),
        "more": got.next,
        "column_id": column_id,
        "query": _query(request.GET.get("filter", "")[:2000], None, board.by if has_values(info) else ""),
        "within_id": within,
        "by": board.by,
    }
    return render(
        request,
        "board/_cards.html" if is_part(request) else "board/column.html",
        {**values, "title": column_title(record)},
    )


def _withins(ctx: Context, info: TypeInfo, board: Board) -> list[Record]:
    """What groups boards (pipelines), in their order; none for a type with one board."""
    if not board.within:
        return []
    groups = registry.get(info.fields[board.within].to)
    order = ["position"] if "position" in groups.fields else []
    return list(gate.visible(ctx, groups).order_by(*order, "id"))


def _chosen(withins: Sequence[Record], given: str) -> Record | None:
    wanted = as_id(given)
    return next((w for w in withins if w.pk == wanted), withins[0] if withins else None)


def _where(text: str) -> tuple[Node | None, str]:
    """The filter, or nothing with the sentence that says what is wrong with it."""
    if not text:
        return None, ""
    try:
        return parse(text), ""
    except Invalid as wrong:
        return None, wrong.sentence


def _query(text: str, within: Record | None, by: str = "") -> str:
    given = (("filter", text), ("within", str(within.pk) if within else ""), ("by", by))
    return urlencode({k: v for k, v in given if v})


def board_sums(ctx: Context, info: TypeInfo, found: Sequence[Column]) -> list[tuple[str, object]]:
    """(label, sum) over the open columns of every field that shows one."""
    sums: list[tuple[str, object]] = []
    for one in gate.fields(ctx, info).values():
        if one.total != "sum":
            continue
        values = [c.sums.get(one.key) for c in found if getattr(c.record, "outcome", "open") == "open"]
        values = [v for v in values if v is not None]
        label = str(one.label)
        if values:
            added = values[0]
            for more in values[1:]:
                added = added + more  # type: ignore[operator]
            sums.append((capital(label), one.kind.figure(added, ctx.format)))
    return sums


__all__ = ["column", "page"]
