"""Fields that are shown or needed only when a record meets a filter: asked of the stored row, by the one evaluator there is.

The row has been written by then; a refusal rolls it back. Conditions are asked as the system: that a field is needed does
not depend on who looks, and a definition may only name fields of the same field group (see `engines/words/definition.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.changes.values import read_value
from rapport.kernel.custom.fields import custom_fields, known
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import Node

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.registry import TypeInfo


@dataclass(frozen=True)
class Condition:
    """When one field is shown, and when it is needed: filters, None for always; `needed` without either is never."""

    key: str
    shown: Node | None
    needed: Node | None
    is_required: bool
    shown_text: str = ""


def conditions_of(workspace: Workspace, type_key: str) -> list[Condition]:
    """The conditional fields of a type."""
    rows = known(workspace.pk, workspace.schema_version).conditional.get(type_key, [])
    return [
        Condition(
            row.key, parse(row.show_when) if row.show_when else None, parse(row.require_when) if row.require_when else None,
            row.is_required, row.show_when,
        )
        for row in rows
    ]  # fmt: skip


def broken(ctx: Context, info: TypeInfo, written: Sequence[Written]) -> dict[UUID, Invalid]:
    """By record: why what was just written may not stand. No query for a type without conditional fields."""
    found: dict[UUID, Invalid] = {}
    conditions = conditions_of(ctx.workspace, info.key) if written else []
    if not conditions:
        return found
    fields = {**info.fields, **custom_fields(ctx.workspace, info.key)}
    system = ctx.as_system("conditional fields")
    ids = [one.record.pk for one in written]
    for condition in conditions:
        field = fields.get(condition.key)
        if field is None:
            continue
        shown = _matching(system, info, condition.shown, ids)
        needed = shown & _matching(system, info, condition.needed, ids) if _may_need(condition) else set()
        for one in written:
            empty = field.kind.blank(read_value(one.record, field))
            if empty and one.record.pk in needed:
                sentence = _("%(label)s is needed.") % {"label": capital(field.label)}
            elif not empty and condition.key in one.diff and one.record.pk not in shown:
                sentence = _("%(label)s is only kept while this holds: %(filter)s") % {
                    "label": capital(field.label), "filter": condition.shown_text,
                }  # fmt: skip
            else:
                continue
            found.setdefault(one.record.pk, Invalid(sentence, code="condition", errors={field.key: sentence}))
    return found


def demand(ctx: Context, one: Written) -> None:
    """Raise Invalid when one record that was just written breaks a condition."""
    for wrong in broken(ctx, one.info, [one]).values():
        raise wrong


def _may_need(condition: Condition) -> bool:
    return condition.needed is not None or (condition.is_required and condition.shown is not None)


def _matching(ctx: Context, info: TypeInfo, node: Node | None, ids: list[UUID]) -> set[UUID]:
    """Those of the records that meet the filter; all of them for none."""
    if node is None:
        return set(ids)
    rows = info.model.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids).filter(compile_filter(ctx, info, node))
    return set(rows.values_list("pk", flat=True))
