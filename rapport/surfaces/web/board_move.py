"""Moving a card: by the board's action, with what the new column asks for given on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import read_value, settable_fields
from rapport.kernel.errors import Gone, Invalid, RapportError
from rapport.kernel.ids import as_id
from rapport.kernel.records.declare import Board
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.answers import done, part_or_page
from rapport.surfaces.web.board_values import board_of, has_values
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import SHOWN, Posted, lists_of, read_posted
from rapport.surfaces.web.problems import note, status_of
from rapport.surfaces.web.shell import is_part
from rapport.surfaces.web.stages import column_of, column_title, value_of
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: What stands before the names of inputs for fields that a column asks for.
_SET = "set_"
_OWN = ("record", "column", "version", "csrfmiddlewaretoken", "dialog", SHOWN)


@require_POST
def move(request: HttpRequest, type_key: str) -> HttpResponse:
    """Move a card. The script gets JSON; a refusal names where what is missing can be given."""
    ctx, info, board = board_of(request, type_key)
    record, target = _card(ctx, info, request.POST)
    asked = _asked_for(ctx, info, request.POST.get(SHOWN, ""))
    posted = read_posted(ctx, lists_of(request), asked, prefix=_SET)
    if posted.errors:
        return _ask(request, ctx, info, record, target, asked, posted)
    given: dict[str, object] = {board.by: target}
    given.update({k: v for k, v in request.POST.items() if k not in _OWN and not k.startswith(_SET)})
    try:
        with unit_of_work(ctx):
            if posted.values:
                ctx.write(record, **posted.values)
            before = gate.get(ctx, info, record.pk).version
            if has_values(info):
                ctx.write(record, **{board.by: value_of(column_of(ctx, info, target)) or None})
            else:
                run_action(ctx, record, board.move, given)
    except RapportError as wrong:
        if asked and isinstance(wrong, Invalid):
            more = _asked_for(ctx, info, ",".join([*[f.key for f in asked], *wrong.errors]))
            sentence = posted.take(wrong)
            return _ask(request, ctx, info, record, target, more, posted, sentence)
        if not is_part(request):
            raise
        note(request, wrong, record_id=record.pk)
        return _not_moved(ctx, info, record, board, wrong, target)
    return _moved(request, ctx, info, board, record.pk, target, before)


def _moved(
    request: HttpRequest, ctx: Context, info: TypeInfo, board: Board, record_id: UUID, target: UUID, before: int
) -> HttpResponse:  # fmt: skip
    """What to say about a card that moved."""
    fresh = gate.get(ctx, info, record_id)
    to = column_of(ctx, info, target)
    outcome, title = str(getattr(to, "outcome", "") or ""), str(read_value(fresh, info.title_field) or "")
    text = _("Moved to %(column)s.") % {"column": column_title(to)}
    # What was given on the way stays when the move is taken back.
    undo = undo_mark(fresh) if fresh.version == before + 1 else ""
    if "dialog" in request.POST or not is_part(request):
        if outcome == "won":
            text = _("Won: %(title)s") % {"title": title}
        return done(request, text, f"{info.url}board", undo=undo, stay=True)
    return JsonResponse({"version": fresh.version, "text": text, "undo": undo, "outcome": outcome, "title": title})


@require_GET
def ask(request: HttpRequest, type_key: str) -> HttpResponse:
    """The fields that a column asks for, to be filled in on the way there."""
    ctx, info, _board = board_of(request, type_key)
    record, target = _card(ctx, info, request.GET)
    return _ask(request, ctx, info, record, target, _asked_for(ctx, info, request.GET.get("fields", "")), Posted())


def _ask(
    request: HttpRequest, ctx: Context, info: TypeInfo, record: Record, target: UUID, fields: list[Field], posted: Posted,
    sentence: str = "",
) -> HttpResponse:  # fmt: skip
    if not fields:
        raise Gone(_("There is nothing to ask."))
    assert info.declared.board is not None
    to = column_of(ctx, info, target)
    now = {f.key: read_value(record, f) for f in fields}
    values = {
        "info": info, "record": record, "target": target, "column": column_title(to), "sentence": sentence,
        "by": info.declared.board.by if has_values(info) else "",
        "title": str(read_value(record, info.title_field) or ""), "shown": ",".join(f.key for f in fields),
        "controls": controls(ctx, fields, {**now, **posted.held}, posted.errors, prefix=_SET, first=True),
    }  # fmt: skip
    status = 422 if posted.errors or sentence else 200
    return part_or_page(request, "board/ask.html", "board/ask_page.html", values, status=status)


def _card(ctx: Context, info: TypeInfo, given: Mapping[str, str]) -> tuple[Record, UUID]:
    record_id, target = as_id(given.get("record", "")), as_id(given.get("column", ""))
    if record_id is None or target is None:
        raise Gone(_("There is no such card or column."))
    return gate.get(ctx, info, record_id), target


def _asked_for(ctx: Context, info: TypeInfo, keys: str) -> list[Field]:
    """The fields among these that the viewer may set by a plain change."""
    able = settable_fields(ctx, info, creating=False)
    return [able[key] for key in dict.fromkeys(keys.split(",")) if key in able][:20]


def _not_moved(
    ctx: Context, info: TypeInfo, record: Record, board: Board, wrong: RapportError, target: UUID
) -> JsonResponse:  # fmt: skip
    """Why a card stays: a sentence, and where what is missing can be given."""
    field = next(iter(wrong.errors), "") if isinstance(wrong, Invalid) else ""
    is_input = not has_values(info) and field in [name for name, _input in actions_of(info.key)[board.move].inputs]
    ask_at = ""
    if is_input:
        ask_at = f"{info.record_url(record.pk)}/do/{board.move}?{urlencode({board.by: target})}"
    elif _asked_for(ctx, info, field) and gate.may(ctx, info, record, "edit"):
        more = {"by": board.by} if has_values(info) else {}
        ask_at = f"{info.url}board/ask?{urlencode({'record': record.pk, 'column': target, 'fields': field, **more})}"
    elif field in info.fields:
        ask_at = f"{info.record_url(record.pk)}/edit#f-{field}"
    answer = {
        "error": wrong.sentence, "code": wrong.code, "field": field, "ask": ask_at,
        "is_input": is_input or "/board/ask?" in ask_at,
    }  # fmt: skip
    return JsonResponse(answer, status=status_of(wrong))
