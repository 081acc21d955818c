"""The board of a type: its columns with counts and sums, cards fifty at a time, and moving a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Gone, Invalid, RapportError
from rapport.kernel.ids import as_id
from rapport.kernel.query.board import Column, read_board, read_column
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import Node
from rapport.kernel.records.declare import Board
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.board_cards import card_fields, latest_page, prepare, shown_cards, shown_column
from rapport.surfaces.web.problems import note, status_of
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.stages import board_columns, column_title
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_PER_COLUMN = 50


@require_GET
def page(request: HttpRequest, type_key: str) -> HttpResponse:
    """The board of one pipeline (`?within=`), narrowed by a filter (`?filter=`)."""
    ctx, info, board = _board_of(request, type_key)
    gate.demand(ctx, info, "view")
    withins = _withins(ctx, info, board)
    within = _chosen(withins, request.GET.get("within", ""))
    text = request.GET.get("filter", "")[:2000]
    where, sentence = _where(text)
    columns = board_columns(ctx, info, within.pk if within else None)
    closed = frozenset(c.pk for c in columns if getattr(c, "outcome", "open") != "open")
    fields = card_fields(ctx, info)
    found = read_board(ctx, info, columns, where=where, limit=_PER_COLUMN, fields=fields, without_cards=closed)
    latest = {one.record.pk: latest_page(ctx, info, one, where) for one in found}
    prepare(ctx, [one.page or latest[one.record.pk] for one in found])
    shown = [shown_column(ctx, info, one, latest=latest[one.record.pk]) for one in found]
    open_ones = [one for one in shown if one.outcome == "open"]
    title = str(info.plural)[:1].upper() + str(info.plural)[1:]
    values = {
        "info": info,
        "title": title,
        "columns": open_ones,
        "ended": [one for one in shown if one.outcome != "open"],
        "withins": [(w, column_title(w)) for w in withins],
        "within": within,
        "within_title": column_title(within) if within else "",
        "sums": board_sums(ctx, info, found),
        "tabs": board_tabs(info, text, within),
        "filter": text,
        "sentence": sentence,
        "may_create": gate.allows(ctx, info, "create"),
        "by": board.by,
        "may_move": gate.allows(ctx, info, board.move),
        "list_url": f"{info.url}?{urlencode({'filter': text})}" if text else info.url,
        "query": _query(text, within),
        "settings_url": registry.get(info.fields[board.by].to).url,
        "may_set_up": gate.allows(ctx, registry.get(info.fields[board.by].to), "create"),
    }
    return render(request, "board/_columns.html" if is_part(request) else "board/page.html", values)


@require_GET
def column(request: HttpRequest, type_key: str, column_id: UUID) -> HttpResponse:
    """Further cards of a column, or the cards of a folded one."""
    ctx, info, board = _board_of(request, type_key)
    gate.demand(ctx, info, "view")
    record = gate.get(ctx, registry.get(info.fields[board.by].to), column_id)
    where, _sentence = _where(request.GET.get("filter", "")[:2000])
    got = read_column(
        ctx,
        info,
        column_id,
        where=where,
        limit=_PER_COLUMN,
        fields=card_fields(ctx, info),
        cursor=request.GET.get("cursor", ""),
    )
    prepare(ctx, [got])
    within = (
        read_value(record, registry.of(record).fields[board.within])
        if board.within in registry.of(record).fields
        else None
    )
    values = {
        "info": info,
        "cards": shown_cards(ctx, info, got, record),
        "more": got.next,
        "column_id": column_id,
        "query": _query(request.GET.get("filter", "")[:2000], None),
        "within_id": within,
        "by": board.by,
    }
    return render(
        request,
        "board/_cards.html" if is_part(request) else "board/column.html",
        {**values, "title": column_title(record)},
    )


@require_POST
def move(request: HttpRequest, type_key: str) -> HttpResponse:
    """Move a card by the board's action. The script gets JSON; a refusal names the input that is missing."""
    ctx, info, board = _board_of(request, type_key)
    record_id, target = as_id(request.POST.get("record", "")), as_id(request.POST.get("column", ""))
    if record_id is None or target is None:
        raise Gone(_("There is no such card or column."))
    record = gate.get(ctx, info, record_id)
    given: dict[str, object] = {board.by: target}
    given.update(
        {k: v for k, v in request.POST.items() if k not in ("record", "column", "version", "csrfmiddlewaretoken")}
    )
    before = record.version
    try:
        run_action(ctx, record, board.move, given)
    except RapportError as wrong:
        if not is_part(request):
            raise
        note(request, wrong, record_id=record_id)
        return _not_moved(info, record, board, wrong, target)
    fresh = gate.get(ctx, info, record_id)
    columns = registry.get(info.fields[board.by].to)
    to = gate.get(ctx, columns, target)
    text = _("Moved to %(column)s.") % {"column": column_title(to)}
    undo = undo_mark(fresh) if fresh.version == before + 1 else ""
    if not is_part(request):
        return done(request, text, f"{info.url}board", undo=undo)
    return JsonResponse(
        {
            "version": fresh.version,
            "text": text,
            "undo": undo,
            "outcome": str(getattr(to, "outcome", "") or ""),
            "title": str(read_value(fresh, info.title_field) or ""),
        }
    )


def _not_moved(info: TypeInfo, record: Record, board: Board, wrong: RapportError, target: UUID) -> JsonResponse:
    """Why a card stays: a sentence, and where what is missing can be given."""
    field = next(iter(wrong.errors), "") if isinstance(wrong, Invalid) else ""
    action_inputs = [name for name, _input in actions_of(info.key)[board.move].inputs]
    ask = ""
    if field in action_inputs:
        ask = f"{info.record_url(record.pk)}/do/{board.move}?{urlencode({board.by: target})}"
    elif field in info.fields:
        ask = f"{info.record_url(record.pk)}/edit#f-{field}"
    answer = {
        "error": wrong.sentence,
        "code": wrong.code,
        "field": field,
        "ask": ask,
        "is_input": field in action_inputs,
    }
    return JsonResponse(answer, status=status_of(wrong))


def _board_of(request: HttpRequest, type_key: str) -> tuple[Context, TypeInfo, Board]:
    info = registry.get(type_key)
    if info.declared.board is None:
        raise Gone(_("%(plural)s have no board.") % {"plural": str(info.plural).capitalize()})
    return request.ctx, info, info.declared.board  # type: ignore[attr-defined]


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


def _query(text: str, within: Record | None) -> str:
    return urlencode({k: v for k, v in (("filter", text), ("within", str(within.pk) if within else "")) if v})


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
            sums.append((label[:1].upper() + label[1:], one.kind.figure(added, ctx.format)))
    return sums


def board_tabs(info: TypeInfo, text: str, within: Record | None) -> list[dict[str, object]]:
    """All, and the declared views whose sort does not matter here."""
    by = info.declared.board.by if info.declared.board else ""
    # The columns themselves part what is open from what is won or lost.
    needless = {f"{by}.outcome is {outcome}" for outcome in ("open", "won", "lost")} | {""}
    tabs: list[dict[str, object]] = [{"label": _("All"), "query": _query("", within), "is_on": not text}]
    for label, view in info.declared.views.items():
        wanted = view.split("|")[0].strip()
        if wanted not in needless:
            tabs.append({"label": str(label), "query": _query(wanted, within), "is_on": text == wanted})
    return tabs


__all__ = ["column", "move", "page"]
