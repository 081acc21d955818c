"""Values that may stand once: asked before a write, so that one clear sentence comes back, and held by the database itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written
from rapport.kernel.custom.keys import unique_keys
from rapport.kernel.custom.models import UniqueValue
from rapport.kernel.errors import Invalid
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_COLUMNS = ("workspace_id", "type", "field", "key", "record_id")
_SOME = 500


def unique_fields(ctx: Context, info: TypeInfo) -> dict[str, Field]:
    """The fields of a type whose values may stand once."""
    return {k: f for k, f in gate.custom_fields(ctx.workspace, info.key).items() if f.is_unique}


def taken(ctx: Context, info: TypeInfo, rows: Iterable[tuple[int, UUID | None, Mapping[str, object]]]) -> dict[int, Invalid]:
    """By position: why rows (position, id of the record or None for a new one, values) may not be written, asked in one go."""
    fields = unique_fields(ctx, info)
    if not fields:
        return {}
    wanted = [
        (position, pk, key, one)
        for position, pk, values in rows
        for key, field in fields.items()
        if values.get(key) is not None
        for one in unique_keys(ctx, field, values[key])
    ]
    holders: dict[tuple[str, str], UUID | None] = {}
    keys = sorted({one for _position, _pk, _key, one in wanted})
    for at in range(0, len(keys), _SOME):
        there = UniqueValue.objects.filter(
            workspace_id=ctx.workspace.pk, type=info.key, field__in=list(fields), key__in=keys[at : at + _SOME]
        )
        holders |= {(field, key): pk for field, key, pk in there.values_list("field", "key", "record_id")}
    found: dict[int, Invalid] = {}
    ours: dict[tuple[str, str], int] = {}
    for position, pk, key, one in wanted:
        holder = holders.get((key, one))
        if holder is not None and holder != pk:
            found.setdefault(position, _refusal(ctx, info, fields[key], holder))
        elif ours.setdefault((key, one), position) != position:
            found.setdefault(position, _refusal(ctx, info, fields[key], None))
    return found


def _refusal(ctx: Context, info: TypeInfo, field: Field, holder: UUID | None) -> Invalid:
    """The sentence; it names the record that has the value only to those who may see it."""
    title = gate.titles(ctx, info, {holder}).get(holder) if holder else None
    words = {"label": field.label, "title": title}
    sentence = (
        _("“%(title)s” has this %(label)s already; every value stands once.") % words
        if title
        else _("This %(label)s is taken; every value stands once.") % words
    )
    return Invalid(sentence, code="taken", errors={field.key: sentence})


@indexer
def keep_unique(ctx: Context, written: list[Written]) -> None:
    """Keep one row per value; what goes into the bin gives its values back, and takes them again when it is restored."""
    stale: list[UUID] = []
    rows: list[tuple[object, ...]] = []
    for one in written:
        fields = unique_fields(ctx, one.info)
        touched = [k for k in fields if k in one.diff or one.verb in ("delete", "restore")]
        if not touched:
            continue
        if one.verb != "create":
            stale.append(one.record.pk)
            touched = list(fields)
        if one.verb != "delete":
            rows += rows_of(ctx, one.info, one.record.pk, {k: read_value(one.record, fields[k]) for k in touched}, fields)
    if stale:
        UniqueValue.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=stale).delete()
    if rows:
        _insert(ctx, written[0].info, rows)


def rows_of(
    ctx: Context, info: TypeInfo, record_id: UUID, values: Mapping[str, object], fields: Mapping[str, Field]
) -> list[tuple[object, ...]]:
    """The rows that a record's values take."""
    return [
        (ctx.workspace.pk, info.key, key, one, record_id)
        for key, value in values.items()
        if value is not None
        for one in dict.fromkeys(unique_keys(ctx, fields[key], value))
    ]


def _insert(ctx: Context, info: TypeInfo, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert; whoever was first at the same moment wins, and the other is told which value it was."""
    try:
        with transaction.atomic():
            insert_rows(UniqueValue, _COLUMNS, rows)
    except IntegrityError:
        fields = unique_fields(ctx, info)
        for _workspace, type_key, field, key, record_id in rows:
            holder = UniqueValue.objects.filter(workspace_id=ctx.workspace.pk, type=type_key, field=field, key=key)
            for other in holder.values_list("record_id", flat=True):
                if other != record_id:
                    raise _refusal(ctx, info, fields[str(field)], other) from None
        raise Invalid(_("Two of these records have the same value where every value stands once."), code="taken") from None
