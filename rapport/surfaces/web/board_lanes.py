"""A board in lanes: one for each owner with what is open, its count and sums; the cards of a lane come into sight with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from rapport.engines.views.grouping import group_field, narrowed, one_group, read_groups
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query.board import read_board
from rapport.kernel.query.text import show
from rapport.kernel.query.totals import Totals
from rapport.kernel.query.tree import All, Node, Test
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.board_cards import card_fields, prepare, shown_column
from rapport.surfaces.web.board_values import board_of, has_values
from rapport.surfaces.web.board_values import shown as worth_showing
from rapport.surfaces.web.list_state import PARTS, ListState, read_state
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.stages import board_columns

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Cards of a column that a lane shows before more are asked for.
_CARDS = 10
_BY = "owner"


@dataclass(frozen=True)
class Lane:
    """One person's lane."""

    key: str
    label: SafeString | str
    count: str
    figures: list[tuple[object, SafeString | str]]
    url: str


def lanes(ctx: Context, state: ListState, columns: Sequence[Record]) -> list[Lane]:
    """A lane for everybody who owns something in the open columns."""
    by = group_field(ctx, state.info, _BY)
    assert by is not None
    groups = read_groups(ctx, state.info, _open(state.info, state.node, columns), by)
    return [
        Lane(
            one.key, one.label, one.count.text if one.count else "", _figures(ctx, state.info, one.count),
            state.url("board/lane", **{"in": one.key}) if one.can_open else "",
        )
        for one in groups.found
    ]  # fmt: skip


@require_GET
def lane(request: HttpRequest, type_key: str) -> HttpResponse:
    """The open columns of one person, with the head of the lane."""
    ctx, info, board = board_of(request, type_key)
    gate.demand(ctx, info, "view")
    given = {key: value for key, value in request.GET.dict().items() if key in PARTS}
    state = read_state(ctx, info, given, layout="board")
    by = group_field(ctx, info, _BY)
    if state.error or by is None:
        raise Invalid(state.error)
    key = request.GET.get("in", "")
    within = as_id(request.GET.get("within", ""))
    columns = [c for c in board_columns(ctx, info, within) if getattr(c, "outcome", "open") == "open"]
    mine = narrowed(ctx, state.node, by, key)
    found = read_board(ctx, info, columns, where=mine, limit=_CARDS, fields=card_fields(ctx, info))
    prepare(ctx, [one.page for one in found])
    group = one_group(ctx, info, _open(info, state.node, columns), by, key)
    figures = _figures(ctx, info, group.count)
    shown = Lane(key, group.label, group.count.text if group.count else "", figures, request.get_full_path())
    return render(request, "board/lane.html", {
        "info": info, "lane": shown, "columns": [shown_column(ctx, info, one, latest=None) for one in worth_showing(found)],
        "query": _query_of(mine, board.by if has_values(info) else ""), "by": board.by,
    })  # fmt: skip


def _open(info: TypeInfo, node: Node | None, columns: Sequence[Record]) -> Node:
    """The filter with the open columns of this board."""
    assert info.declared.board is not None
    if has_values(info):
        return node or All(())
    ids = tuple(str(c.pk) for c in columns if getattr(c, "outcome", "open") == "open")
    here = Test((info.declared.board.by,), "in", ids)
    return here if node is None or node == All(()) else All((node, here))


def _figures(ctx: Context, info: TypeInfo, found: Totals | None) -> list[tuple[object, SafeString | str]]:
    sums = found.sums if found else {}
    fields = gate.fields(ctx, info).values()
    return [(f.label, f.kind.figure(sums[f.key], ctx.format)) for f in fields if sums.get(f.key) is not None]


def _query_of(node: Node, by: str) -> str:
    return urlencode({"filter": show(node), **({"by": by} if by else {})})
