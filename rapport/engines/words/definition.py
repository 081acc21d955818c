"""What makes the definition of a field right: told when it is saved, never later at the first read of a list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.words.models import KindChange
from rapport.kernel.custom.fields import custom_fields, kind_for
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import All, Any_, Has, Node, Not, Test
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Kinds whose values may be held to stand once.
UNIQUE_KINDS = ("text", "number", "date", "phone", "email", "one_email", "web")
#: Kinds that a list may be sorted by.
FAST_KINDS = ("text", "number", "percent", "money", "date", "datetime", "time", "choice", "yesno", "web", "one_email")
#: Never change once values may stand under them.
_FIXED = ("key", "kind", "on_type", "to_type", "decimals")
#: May change while the kind is being changed: nothing is made of them.
_FREE = ("label", "position", "help_text", "field_group", "is_required", "show_when", "require_when", "is_indexed")
#: What an engine asks of the definition of a calculated field (`engines/words`).
calculated_checks: list[Callable[[Context, TypeInfo, CustomField], None]] = []


def check_custom_field(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A custom field needs a known type and kind, options that fit, and conditions that mean something."""
    if record is None:
        _check_new(values)
        values["is_indexed"] = True  # there is nothing yet that would have to be read
    elif not (ctx.viewer.is_system and ctx.action == "change_kind"):
        _check_same(record, values)
    wanted = _wanted(ctx, record, values)
    info = registry.get(wanted.on_type)
    kind = _kind(wanted)
    if wanted.formula or wanted.roll_up:
        for check in calculated_checks:
            check(ctx, info, wanted)
    _check_flags(wanted, kind)
    _check_default(ctx, wanted, kind)
    for key in ("show_when", "require_when"):
        _check_condition(ctx, info, wanted, key)


def _check_same(record: Record, values: dict[str, object]) -> None:
    """What never changes by writing it, and what rests while the kind is being changed."""
    changed = [k for k in values if (values[k] or None) != (getattr(record, k, None) or None)]
    if "kind" in changed or "decimals" in changed:
        name = "kind" if "kind" in changed else "decimals"
        raise Invalid(_("The kind changes by “Change the kind”, which looks first whether the values fit."), field=name)
    if fixed := [k for k in changed if k in _FIXED]:
        raise Invalid(_("Key and record type of a custom field never change; add a new field instead."), field=fixed[0])
    if (busy := [k for k in changed if k not in _FREE]) and running(record.workspace_id, record.pk):
        raise Invalid(_("The kind of this field is being changed; wait until that is over, or stop it."), field=busy[0])


def running(workspace_id: UUID, field_id: UUID) -> KindChange | None:
    """The change of the kind of a field that is going on."""
    return KindChange.objects.filter(workspace_id=workspace_id, field_id=field_id, state__in=KindChange.AT_WORK).first()


def _wanted(ctx: Context, record: Record | None, values: dict[str, object]) -> CustomField:
    """The definition as it would be."""
    names = [f.attname for f in CustomField._meta.concrete_fields]
    was = {} if record is None else {name: getattr(record, name) for name in names}
    given = {
        k: ("" if x is None and CustomField._meta.get_field(k).null is False else x) for k, x in values.items() if k in names
    }
    return CustomField(**{**was, **given, "workspace_id": ctx.workspace.pk})


def _check_new(values: dict[str, object]) -> None:
    if str(values.get("on_type")) not in registry:
        raise Invalid(_("There is no record type “%(key)s”.") % {"key": values.get("on_type")}, field="on_type")
    kind = all_kinds().get(str(values.get("kind")))
    if kind is None or not kind.custom:
        able = ", ".join(k for k, cls in all_kinds().items() if cls.custom)
        raise Invalid(_("Custom fields can be: %(kinds)s.") % {"kinds": able}, field="kind")
    if "choices" in kind.option_names and not values.get("choices"):
        raise Invalid(_("Write the choices, one on each line."), field="choices")
    if kind.key == "reference" and str(values.get("to_type") or "") not in registry:
        raise Invalid(_("Say which records the field points at, by the key of their type."), field="to_type")
    values["key"] = free_key(str(values["on_type"]), str(values.get("key") or values.get("label") or ""))


def free_key(on_type: str, wished: str) -> str:
    """The key a new field gets; refused when a living field has it, numbered when a deleted one still holds its values."""
    slug = re.sub(r"[^a-z0-9]+", "_", fold(wished)).strip("_")[:50]
    key = "c_" + (slug.removeprefix("c_") or "field")
    rows = CustomField.objects.filter(on_type=on_type)
    if rows.filter(key=key, deleted_at=None).exists():
        raise Invalid(_("There is a field with this name already; choose another."), field="label")
    taken = set(rows.filter(key__startswith=key).values_list("key", flat=True))
    return key if key not in taken else next(k for n in range(2, 10_000) if (k := f"{key}_{n}") not in taken)


def _kind(wanted: CustomField) -> Kind:
    kind = kind_for(wanted)
    if wanted.in_search and type(kind).search_text is Kind.search_text:
        raise Invalid(_("The search cannot find records by a field of this kind."), field="in_search")
    return kind


def _check_flags(wanted: CustomField, kind: Kind) -> None:
    calculated = bool(wanted.formula or wanted.roll_up)
    if wanted.is_unique and (calculated or wanted.kind not in UNIQUE_KINDS):
        raise Invalid(_("Only texts, numbers, dates and addresses can be held to stand once."), field="is_unique")
    if wanted.is_fast and wanted.kind not in FAST_KINDS and not calculated:
        raise Invalid(_("Lists cannot be sorted by a field of this kind."), field="is_fast")
    if wanted.show_when and wanted.default_text:
        raise Invalid(_("A field that is shown only sometimes cannot have a value from the start."), field="default_text")
    if calculated and (wanted.is_required or wanted.default_text or wanted.show_when or wanted.require_when):
        raise Invalid(_("A calculated field is never typed, so it has no default and no conditions."), field="formula")


def _check_default(ctx: Context, wanted: CustomField, kind: Kind) -> None:
    text = wanted.default_text.strip()
    if not text:
        return
    fits = {"me": ("user",), "today": ("date",), "now": ("datetime",)}.get(text)
    if fits is not None and wanted.kind in fits:
        return
    try:
        kind.parse(text, ctx.cleaning())
    except Invalid as wrong:
        raise Invalid(wrong.sentence, field="default_text") from wrong


def _check_condition(ctx: Context, info: TypeInfo, wanted: CustomField, key: str) -> None:
    """It must parse, mean something, and name no field of a group that the field itself is not in: a sentence such as
    "… is needed" would tell what stands in a field that somebody may not see."""
    text = str(getattr(wanted, key) or "")
    if not text:
        return
    try:
        node = parse(text)
        compile_filter(ctx, info, node)
    except Invalid as wrong:
        raise Invalid(wrong.sentence, field=key) from wrong
    named = first_keys(node)
    if wanted.key and wanted.key in named and key == "show_when":
        raise Invalid(_("Whether a field is shown cannot hang on the field itself."), field=key)
    every = {**info.fields, **custom_fields(ctx.workspace, info.key)}
    for name in named:
        group = every[name].see if name in every else ""
        if group and group != wanted.field_group:
            raise Invalid(
                _("“%(label)s” is in a field group of its own; put this field into the same group first.")
                % {"label": every[name].label},
                field=key,
            )


def first_keys(node: Node) -> set[str]:
    """The fields of the record itself that a filter names."""
    if isinstance(node, Test):
        return {node.path[0]}
    if isinstance(node, Has):
        return set()
    if isinstance(node, Not):
        return first_keys(node.item)
    assert isinstance(node, (All, Any_))
    return set().union(*(first_keys(item) for item in node.items))
