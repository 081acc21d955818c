"""Everything that refers to a record, read off the declarations of the record types: add-ons and custom fields too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.custom.keys import sort_key
from rapport.kernel.kinds.anyref import type_column
from rapport.kernel.query.own_order import keyed
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Pointing:
    """One field of one type that can point at records of another."""

    info: TypeInfo
    field: Field
    #: The type pointed at.
    to: str

    def at(self, record_id: UUID) -> Q:
        """The condition that it points at this record."""
        if self.field.source == "custom":
            value = self.field.kind.to_json(self.value(record_id))
            return Q(**{self.field.path: value})
        if self.field.kind.key == "anyref":
            return Q(**{self.field.path: record_id, type_column(self.field.key): self.to})
        return Q(**{self.field.path: record_id})

    def value(self, record_id: UUID) -> object:
        """The record as a value of the field."""
        return (self.to, record_id) if self.field.kind.key == "anyref" else record_id


def pointing_at(ctx: Context, type_key: str) -> Iterator[Pointing]:
    """Every field of every type, the company's own included, that can hold a record of this type."""
    for info in registry.all():
        for field in {**info.fields, **custom_fields(ctx.workspace, info.key)}.values():
            if field.source != "computed" and (field.to == type_key or field.kind.key == "anyref"):
                yield Pointing(info, field, type_key)


def rows_at(ctx: Context, pointing: Pointing, record_id: UUID) -> QuerySet:
    """The living records whose field points at the record, whoever may see them."""
    rows = pointing.info.model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None)
    if pointing.field.is_keyed:  # own references are found by their keys, not by reading every record's JSON
        keys = keyed(ctx, pointing.info, pointing.field).filter(key=sort_key(ctx, pointing.value(record_id)))
        return rows.filter(pk__in=keys.values("record_id"))
    return rows.filter(pointing.at(record_id))
