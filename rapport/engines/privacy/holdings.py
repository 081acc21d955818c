"""Which records are about a person: those that refer to them, and those about such a record (a note on their lead).

Derived from the references that the record types declare; nobody keeps a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.engines.privacy.registry import treatment_of
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.kinds.anyref import type_column
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: References that say who works on a record, not whom it is about.
_WORKERS = ("owner", "team", "created_by")

Holdings = dict[str, set[UUID]]


def holdings(ctx: Context, info: TypeInfo, record: Record) -> Holdings:
    """Ids of all records about a person by type key, the bin included, without the person. Knows no rights."""
    found: Holdings = {}
    waiting: list[tuple[str, set[UUID]]] = [(info.key, {record.pk})]
    while waiting:
        type_key, ids = waiting.pop()
        for other in registry.all():
            for one in _pointing(ctx, other, type_key, ids, is_person=type_key == info.key):
                rows = other.model.objects.filter(one).values_list("pk", flat=True)
                new = set(rows) - found.get(other.key, set())
                # Another customer that points here (a subsidiary) is not about this person.
                if new and other.key != info.key:
                    found.setdefault(other.key, set()).update(new)
                    waiting.append((other.key, new))
    return found


def _pointing(ctx: Context, other: TypeInfo, type_key: str, ids: set[UUID], *, is_person: bool) -> Iterator[Q]:
    """Conditions that a record of `other` is about one of these: by any reference to the person, else by "about"."""
    above = other.fields.get(other.declared.under)
    if above is not None and above.to == type_key and treatment_of(other.key).with_parent:
        yield from _by_reference(above, ids)
    every = {**other.fields, **custom_fields(ctx.workspace, other.key)}
    for one in every.values():
        if one.kind.key == "anyref":
            column = one.path if one.source == "column" else ""
            if column:
                yield Q(**{f"{column}__in": ids, type_column(one.key): type_key})
        elif is_person and one.to == type_key and one.key not in _WORKERS:
            yield from _by_reference(one, ids)


def _by_reference(one: Field, ids: set[UUID]) -> Iterator[Q]:
    if one.source == "column":
        yield Q(**{f"{one.path}__in": ids})
    elif one.source == "custom":
        for pk in ids:
            yield Q(**{one.path: str(pk)})
