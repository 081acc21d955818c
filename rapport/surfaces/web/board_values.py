"""Boards whose columns are the choices of an own field: any such field can be picked, and the last one picked is remembered.

They are the boards of stages with other columns: a column knows its condition, and a card moves by writing the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.totals import count
from rapport.kernel.query.tree import Test
from rapport.kernel.records.declare import Board
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: A field with more choices makes no board.
MOST_COLUMNS = 30
#: Columns are known by ids, as stages are; these are made of the field and its value.
_IDS = UUID("8f0f7a52-3f0c-5c0b-9d6e-6d2c1f6f0b26")


@dataclass(frozen=True)
class ValueColumn:
    """One column: the records whose field has this choice, or none (`value` is empty then)."""

    pk: UUID
    value: str
    title: str
    node: Test
    condition: Q
    is_retired: bool = False
    outcome: str = "open"


def board_of(request: HttpRequest, type_key: str) -> tuple[Context, TypeInfo, Board]:
    """The board of a type, with the columns that were asked for or picked last. Raises Gone where there is none."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    board = info.declared.board
    if board is not None and has_values(info):
        able, mark = pickable(ctx, info), f"board:{info.key}"
        asked = request.GET.get("by", "")
        wanted = asked or request.session.get(mark, "")
        pick = next((one for one in able if one.key == wanted), able[0] if able else None)
        if asked and pick is not None and pick.key == asked:
            request.session[mark] = asked
        info = _by(info, pick.key) if pick else info
        board = info.declared.board if pick else None
    if board is None:
        raise Gone(_("%(plural)s have no board.") % {"plural": str(info.plural).capitalize()})
    return ctx, info, board


def has_values(info: TypeInfo) -> bool:
    """Whether the columns of the type's board are choices and no records."""
    board = info.declared.board
    return board is not None and not info.fields[board.by].to


def has_board(ctx: Context, info: TypeInfo) -> bool:
    """Whether this viewer has a board of the type: a choice that they may not see makes none."""
    return info.declared.board is not None and (not has_values(info) or bool(pickable(ctx, info)))


def pickable(ctx: Context, info: TypeInfo) -> list[Field]:
    """The fields whose choices may be the columns."""
    return [
        one for one in gate.fields(ctx, info).values()
        if one.source == "custom" and one.kind.key == "choice"
        and len(one.kind.choices.offered(ctx.format.language)) <= MOST_COLUMNS  # type: ignore[attr-defined]
    ]  # fmt: skip


@lru_cache(maxsize=128)
def _by(info: TypeInfo, key: str) -> TypeInfo:
    board = info.declared.board
    assert board is not None
    body = {"__doc__": info.declared.__doc__, "__module__": info.declared.__module__, "board": replace(board, by=key)}
    return replace(info, declared=type(info.declared.__name__, (info.declared,), body))


def value_columns(ctx: Context, info: TypeInfo) -> list[ValueColumn]:
    """The columns: the choices in their order, those that are not offered any more, and at last no choice (in a long list
    looking for what has none would read all the rest)."""
    assert info.declared.board is not None
    by = gate.fields(ctx, info)[info.declared.board.by]
    options = by.kind.choices  # type: ignore[attr-defined]
    labels, retired = options.words(ctx.format.language).labels, options.retired
    order = [*(v for v in labels if v not in retired), *(v for v in labels if v in retired)][: 2 * MOST_COLUMNS]
    found = [_column(ctx, info, by, value, labels[value], value in retired) for value in order]
    if _is_long(ctx, info):
        return found
    return [*found, _column(ctx, info, by, "", _("No %(field)s") % {"field": by.label}, True)]


def _column(ctx: Context, info: TypeInfo, by: Field, value: str, title: str, is_retired: bool) -> ValueColumn:
    node = Test((by.key,), "is", value) if value else Test((by.key,), "empty")
    return ValueColumn(uuid5(_IDS, f"{by.key}:{value}"), value, title, node, compile_filter(ctx, info, node), is_retired)


def demand_quick(ctx: Context, info: TypeInfo) -> None:
    """Raise Invalid where the columns would be read record by record out of a long list: the sentence names the remedy."""
    assert info.declared.board is not None
    by = gate.fields(ctx, info)[info.declared.board.by]
    if not by.is_fast and _is_long(ctx, info):
        raise Invalid(
            _("There are too many %(plural)s for a board by “%(label)s”. Tick “sorted and filtered often” in the definition of "
              "the field.") % {"plural": info.plural, "label": by.label}, code="too_many", field="by",
        )  # fmt: skip


def _is_long(ctx: Context, info: TypeInfo) -> bool:
    """Whether there are more records than are ever counted; asked once for a page."""
    mark = ("long board", info.key)
    if mark not in ctx.memory:
        ctx.memory[mark] = count(ctx, gate.visible(ctx, info)).capped
    return bool(ctx.memory[mark])


def may_move(ctx: Context, info: TypeInfo) -> bool:
    """Whether the viewer may write the field of the columns."""
    assert info.declared.board is not None
    return gate.allows(ctx, info, "edit") and info.declared.board.by in settable_fields(ctx, info, creating=False)


def shown(columns: Sequence[object]) -> list[object]:
    """The columns worth showing: one that nobody is offered only while something stands in it."""
    return [one for one in columns if not getattr(one.record, "is_retired", False) or one.count]  # type: ignore[attr-defined]
