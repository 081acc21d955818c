"""Choices that a plan adds to the company's own lists: there before the first line, seen by the check as if they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.custom.fields import kind_for
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.kinds.choice import LONGEST_OPTION
from rapport.kernel.kinds.normal import one_line
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.engines.imports.mapping import Step
    from rapport.kernel.context import Context

#: Kinds with a list of choices, and what stands between several of them in one cell.
_LISTS = {"choice": r"\n", "multichoice": r"[;,\n]"}


def definition_of(ctx: Context, info: TypeInfo, field: Field) -> CustomField | None:
    """The definition whose list of choices this viewer may add to; None for a shipped field, or without that right."""
    if field.source != "custom" or field.kind.key not in _LISTS or not gate.allows(ctx, registry.get("custom_field"), "edit"):
        return None
    rows = gate.visible(ctx, registry.get("custom_field"), "edit")
    return rows.filter(on_type=info.key, key=field.key).first()


def demand_choices(ctx: Context, info: TypeInfo, step: Step) -> None:
    """Raise Invalid for a field without a list of one's own, Refused without the right to change it."""
    fields = gate.fields(ctx, info, edit=True)
    for key in step.choices:
        one = fields.get(key)
        if one is None or one.source != "custom" or one.kind.key not in _LISTS:
            raise Invalid(_("Choices can only be added to a list of your own; “%(key)s” has none.") % {"key": key[:60]})
        if definition_of(ctx, info, one) is None:
            raise Refused(_("Your role does not allow you to add choices to “%(label)s”.") % {"label": one.label})


def make_choices(ctx: Context, steps: Sequence[Step]) -> int:
    """Add what the plan wants to the lists; what is there already stays as it is. Returns how many lists were changed."""
    made = 0
    for step in steps:
        info = registry.get(step.type)
        demand_choices(ctx, info, step)
        for key, texts in step.choices.items():
            one = gate.fields(ctx, info, edit=True)[key]
            row = definition_of(ctx, info, one)
            if row is not None and (more := _missing(ctx, one, texts)):
                ctx.write(row, choices="\n".join([row.choices.strip(), *more]))
                made += 1
    return made


def expect_choices(ctx: Context, steps: Sequence[Step]) -> None:
    """Let this context read cells as if the choices were there already: for a check, which writes nothing."""
    for step in steps:
        if not step.choices:
            continue
        info = registry.get(step.type)
        demand_choices(ctx, info, step)
        for edit in (True, False):
            fields = dict(gate.fields(ctx, info, edit=edit))
            for key, texts in step.choices.items():
                row = definition_of(ctx, info, fields[key])
                if row is not None:
                    row.choices = "\n".join([row.choices.strip(), *_missing(ctx, fields[key], texts)])
                    fields[key] = replace(fields[key], kind=kind_for(row))
            ctx.memory["fields", info.key, edit, ctx.workspace.schema_version] = fields


def _missing(ctx: Context, field: Field, texts: Iterable[str]) -> list[str]:
    """Those of the texts that are no choices yet, each once however it is written; cells of several are cut up."""
    options = field.kind.choices  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for text in texts:
        for part in re.split(_LISTS[field.kind.key], text):
            label = one_line(part, LONGEST_OPTION)
            if label and options.find(label, ctx.format.language) is None:
                found.setdefault(fold(label), label)
    return list(found.values())


__all__ = ["definition_of", "demand_choices", "expect_choices", "make_choices"]
