"""The bar of stages on a record page: the columns of its board as chevrons, or the values of a plain stage field."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.words.layouts import shown_fields
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import Gone
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import ValueColumn, has_values, value_columns

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Field keys that mean "where this stands" when a choice with colours is called so.
_STANDING = ("stage", "state", "status")
#: Colours of values that are no step forward.
_ASIDE = frozenset({"warn", "bad"})


@dataclass(frozen=True)
class Step:
    """One chevron: `is_past` before the present one, `outcome` of the column when it has one."""

    value: str
    label: str
    is_past: bool
    is_now: bool
    outcome: str = ""
    days: int | None = None


@dataclass(frozen=True)
class StageBar:
    """The bar and how it moves: by an action of the type, or by saving the field `key`."""

    key: str
    label: str
    steps: list[Step]
    action: str = ""
    may_move: bool = False
    now: str = ""


def board_columns(ctx: Context, info: TypeInfo, within: UUID | None) -> list[Record]:
    """The column records of a board in their order (the stages of one pipeline), or its choices."""
    board = info.declared.board
    assert board is not None
    if has_values(info):
        return value_columns(ctx, info)  # type: ignore[return-value]
    columns = registry.get(info.fields[board.by].to)
    rows = gate.visible(ctx, columns)
    if board.within and within is not None and board.within in columns.fields:
        rows = rows.filter(**{columns.fields[board.within].path: within})
    order = ["position"] if "position" in columns.fields else []
    return list(rows.order_by(*order, "id"))


def board_bar(ctx: Context, info: TypeInfo, record: Record, *, may_move: bool) -> StageBar | None:
    """The chevrons of a record that stands on a board; columns that mean "lost" show only when it is there."""
    board = info.declared.board
    if board is None or has_values(info) or board.by not in gate.fields(ctx, info):
        return None
    now = read_value(record, info.fields[board.by])
    within = read_value(record, info.fields[board.within]) if board.within else None
    columns = board_columns(ctx, info, within if isinstance(within, UUID) else None)
    at = next((i for i, column in enumerate(columns) if column.pk == now), None)
    steps = []
    for i, column in enumerate(columns):
        outcome = str(getattr(column, "outcome", "") or "")
        if outcome == "lost" and column.pk != now:
            continue
        is_past = at is not None and i < at and getattr(columns[at], "outcome", "") != "lost"
        steps.append(
            Step(
                str(column.pk),
                column_title(column),
                is_past,
                column.pk == now,
                outcome,
                _days(ctx, record) if column.pk == now else None,
            )
        )
    label = str(info.fields[board.by].label)
    return StageBar(board.by, label, steps, board.move, may_move, column_title(columns[at]) if at is not None else "")


def column_title(column: Record) -> str:
    """The name of a board column."""
    if isinstance(column, ValueColumn):
        return column.title
    info = registry.of(column)
    return str(read_value(column, info.title_field) or info.label)


def column_of(ctx: Context, info: TypeInfo, column_id: UUID) -> Record:
    """A column by its id. Raises Gone for one that is not there for this viewer."""
    assert info.declared.board is not None
    if not has_values(info):
        return gate.get(ctx, registry.get(info.fields[info.declared.board.by].to), column_id)
    found = next((one for one in value_columns(ctx, info) if one.pk == column_id), None)
    if found is None:
        raise Gone(_("There is no such card or column."))
    return found  # type: ignore[return-value]


def value_of(column: Record) -> str:
    """What the field of the columns holds for a card in this one."""
    return column.value if isinstance(column, ValueColumn) else str(column.pk)


def _days(ctx: Context, record: Record) -> int | None:
    since = getattr(record, "moved_at", None)
    return max(0, (ctx.format.now - since).days) if isinstance(since, dt.datetime) else None


def standing_field(ctx: Context, info: TypeInfo) -> Field | None:
    """The choice field with colours that says where a record stands, if the type has one."""
    readable = shown_fields(ctx, info)
    return next((readable[k] for k in _STANDING if k in readable and readable[k].kind.options.get("hues")), None)


def choice_bar(ctx: Context, info: TypeInfo, record: Record, *, may_edit: bool) -> StageBar | None:
    """Segments for a plain stage field: its values that lead forward, filled up to the present one."""
    field = standing_field(ctx, info)
    if field is None or (info.declared.board is not None and not has_values(info)) or field.by_action or not field.writable:
        return None
    hues = field.kind.options["hues"]
    labels = field.kind.choices.words(ctx.format.language).labels  # type: ignore[attr-defined]
    forward = [value for value in labels if hues.get(value) not in _ASIDE]  # type: ignore[attr-defined]
    now = read_value(record, field)
    at = forward.index(now) if now in forward else -1
    steps = [Step(value, labels[value], i < at, value == now) for i, value in enumerate(forward)]
    return StageBar(field.key, str(field.label), steps, may_move=may_edit, now=labels.get(str(now), ""))
