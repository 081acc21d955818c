"""Many records into the bin at once: the checks and the log of the door, set-wise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.changes import values as v
from rapport.kernel.changes.bulk import update_rows
from rapport.kernel.changes.door import not_allowed, refuse_kept
from rapport.kernel.changes.many import after_all
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.written import Written
from rapport.kernel.errors import RapportError
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class BinResult:
    """Which records went, and why the others did not."""

    ids: list[UUID] = field(default_factory=list)
    errors: dict[UUID, RapportError] = field(default_factory=dict)


def delete_many(ctx: Context, info: TypeInfo, records: Sequence[Record]) -> BinResult:
    """Put records that the viewer sees into the bin; those that are not theirs to delete, or still needed, stay."""
    result = BinResult()
    if not records:
        return result
    able = set(gate.visible(ctx, info, "delete").filter(pk__in=[one.pk for one in records]).values_list("pk", flat=True))
    needed = refuse_kept(info, list(able))
    at = v.now()
    ready = []
    for one in records:
        if one.pk in needed or one.pk not in able:
            result.errors[one.pk] = needed.get(one.pk) or not_allowed(info, "delete")
            continue
        ready.append(one)
    with unit_of_work(ctx) as unit:
        edits = [(one.pk, one.version, [at, one.version + 1, at]) for one in ready]
        gone = update_rows(info.model, ("deleted_at", "version", "updated_at"), edits)
        for one in ready:
            one.deleted_at, one.version, one.updated_at = at, one.version + 1, at
        written = [Written(info, one, "delete", {}) for one in ready if one.pk in gone]
        if written:
            after_all(ctx, info, written, unit, info.fields)
    result.ids = [one.pk for one in ready if one.pk in gone]
    return result
