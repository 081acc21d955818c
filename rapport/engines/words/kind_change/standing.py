"""What names a field and would not work any more if it were of another kind: filters, sorts, formulas, roll-ups, rules.

Asked by doing it: the definition is changed in a transaction, everything that names the field is read anew, and the
transaction is rolled back. So there is no second list of what works with which kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.engines.views.grouping import group_field
from rapport.engines.words.kind_change.turning import definition
from rapport.engines.words.models import KindChange
from rapport.engines.words.plan import plan_of
from rapport.kernel.access import gate
from rapport.kernel.access.current import forget_schema, note_schema
from rapport.kernel.custom.fields import forget_custom_fields, read_choices
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.ordering import sort_keys
from rapport.kernel.query.text import parse
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from rapport.kernel.records_own import raise_schema_version

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Holder:
    """Records that name fields: their type, and which of its fields hold filters, sorts and a moment."""

    type: str
    filters: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


HOLDERS = (
    Holder("view", ("matching",), ("sorting",), groups=("grouping",)),
    Holder("follow_up_rule", ("matching",), moments=("moment",)),
    Holder("sharing_rule", ("matching",)), Holder("webhook", ("matching",)),
    Holder("custom_field", ("show_when", "require_when")),
)  # fmt: skip


@dataclass(frozen=True)
class Obstacle:
    """One record that names the field and would not work any more; without a name where the viewer may not see it."""

    type: str
    title: str
    url: str
    sentence: str


Found = dict[tuple[str, object], tuple[Record, str]]


def obstacles(ctx: Context, row: CustomField, change: KindChange) -> list[Obstacle]:
    """What stands in the way of the change."""
    found = newly_broken(ctx, row, change.after)
    if row.is_unique:
        found["custom_field", row.pk] = (row, _("Every value stands once in it. Switch that off first, and on again afterwards."))
    if row.formula or row.roll_up:
        found["custom_field", row.pk] = (row, _("It is calculated; its values are never typed."))
    return [_shown(ctx, key[0], record, sentence) for key, (record, sentence) in found.items()]


def newly_broken(ctx: Context, row: CustomField, after: Mapping[str, object]) -> Found:
    """What names the field, works now and would not then."""
    system = ctx.as_system("change of kind")
    now = _broken(system, row)
    with _as_if(system, row, after):
        then = _broken(replace(system, memory={}), definition(row, after))
    for key, one in [*_renamed(system, row, after).items(), *_counting(system, row, after).items()]:
        then.setdefault(key, one)
    return {key: one for key, one in then.items() if key not in now}


def _broken(ctx: Context, row: CustomField) -> Found:
    found: Found = {}
    for holder, record, name in _naming(ctx, row):
        try:
            _try(ctx, holder, record, name, row)
        except Invalid as wrong:
            found.setdefault((holder.type, record.pk), (record, wrong.sentence))
    steps = plan_of(ctx.workspace).steps
    for one in CustomField.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).exclude(formula="", roll_up=""):
        if (one.on_type, one.key) not in steps:
            found["custom_field", one.pk] = (one, _("It is calculated from this field, and could not be any more."))
    return found


def _naming(ctx: Context, row: CustomField) -> Iterator[tuple[Holder, Record, str]]:
    """Records whose texts may name the field, with the name of the text."""
    for holder in HOLDERS:
        if holder.type not in registry:
            continue
        names = (*holder.filters, *holder.sorts, *holder.moments, *holder.groups)
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"{name}__contains": row.key})
        rows = registry.get(holder.type).model.objects.filter(wanted, workspace_id=ctx.workspace.pk, deleted_at=None)
        for record in rows.order_by("pk"):
            yield from ((holder, record, name) for name in names if row.key in str(getattr(record, name)))


def _try(ctx: Context, holder: Holder, record: Record, name: str, row: CustomField) -> None:
    """Raise Invalid when a text does not work."""
    on_type, text = str(record.on_type), str(getattr(record, name))  # type: ignore[attr-defined]
    if on_type not in registry:
        return
    if name in holder.filters:
        compile_filter(ctx, registry.get(on_type), parse(text))
    elif name in holder.sorts:
        sort_keys(ctx, registry.get(on_type), text)
    elif name in holder.groups:
        group_field(ctx, registry.get(on_type), text)


def _counting(ctx: Context, row: CustomField, after: Mapping[str, object]) -> Found:
    """Rules that count from the field keep what they count by; it is made from this kind."""
    if after["kind"] == row.kind:
        return {}
    sentence = _("It counts from this day. Let it rest on another field first, or delete it.")
    return {
        (holder.type, record.pk): (record, sentence)
        for holder, record, name in _naming(ctx, row)
        if name in holder.moments and getattr(record, name) == row.key and record.on_type == row.on_type  # type: ignore[attr-defined]
    }


def _renamed(ctx: Context, row: CustomField, after: Mapping[str, object]) -> Found:
    """A filter names a choice as records keep it; as text the field would hold what the choice is called now."""
    if "choices" in all_kinds()[str(after["kind"])].option_names or all(c.value == c.label for c in read_choices(row.choices)):
        return {}
    sentence = _("It asks for a choice that was renamed; write the name that people read.")
    old = [c.value for c in read_choices(row.choices) if c.value != c.label]
    return {
        (holder.type, record.pk): (record, sentence)
        for holder, record, name in _naming(ctx, row)
        if name in holder.filters and any(value in str(getattr(record, name)) for value in old)
    }


@contextmanager
def _as_if(ctx: Context, row: CustomField, after: Mapping[str, object]) -> Iterator[None]:
    """The workspace as it would be with the field changed; nothing of it stays."""
    version = ctx.workspace.schema_version
    try:
        with transaction.atomic():
            CustomField.objects.filter(workspace_id=ctx.workspace.pk, pk=row.pk).update(**after)
            raise_schema_version(ctx, [])
            try:
                yield
            finally:
                transaction.set_rollback(True)
    finally:
        ctx.workspace.schema_version = version
        forget_schema()
        note_schema(ctx.workspace)
        forget_custom_fields(ctx.workspace)


def _shown(ctx: Context, type_key: str, record: Record, sentence: str) -> Obstacle:
    info = registry.get(type_key)
    label = capital(str(info.label))
    if not gate.visible(ctx, info).filter(pk=record.pk).exists():
        return Obstacle(label, _("one that you may not see"), "", sentence)
    return Obstacle(label, str(getattr(record, info.declared.title)), f"{info.record_url(record.pk)}/edit", sentence)
