"""Reading the change log of a record through the gate: a hidden field's changes are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.changes.models import STORY, Change
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.kinds.older import in_words, reads
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class ChangeLine:
    """One change as its reader may see it: (field, before, after) as values."""

    change: Change
    entries: tuple[tuple[Field, object, object], ...]


def history(
    ctx: Context, info: TypeInfo, record_id: UUID, *, limit: int = 50, before: int | None = None
) -> list[ChangeLine]:
    """Changes of one record, newest first. The caller has passed the record itself through the gate."""
    return history_page(ctx, info, record_id, limit=limit, before=before)[0]


def history_page(
    ctx: Context, info: TypeInfo, record_id: UUID, *, limit: int = 50, before: int | None = None
) -> tuple[list[ChangeLine], int | None]:
    """As `history`, and the number to go on before (None on the last page: lines may be fewer than changes)."""
    rows = Change.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id, verb__in=STORY)
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: limit + 1])
    following = found[limit - 1].number if len(found) > limit else None
    return lines(ctx, info, found[:limit]), following


def lines(ctx: Context, info: TypeInfo, changes: Sequence[Change]) -> list[ChangeLine]:
    """Change rows with the entries this viewer may see; an update of hidden fields alone is left out altogether.
    Which fields an update that was emptied by an erasure was about, nobody knows any more; that there was one stays."""
    readable = gate.fields(ctx, info)
    found = []
    for change in changes:
        entries = tuple(_entry(readable[key], old, new) for key, (old, new) in change.diff.items() if key in readable)
        if entries or change.verb != "update" or change.redacted_at is not None:
            found.append(ChangeLine(change, entries))
    return found


def _entry(field: Field, old: object, new: object) -> tuple[Field, object, object]:
    """Both values; as plain words when they were written while the field was of another kind."""
    if any(one is not None and not reads(field.kind, one) for one in (old, new)):
        return replace(field, kind=LongTextKind(), to=""), in_words(old), in_words(new)
    return field, _value(field, old), _value(field, new)


def _value(field: Field, logged: object) -> object:
    return field.kind.load(field.kind.from_json(logged)) if logged is not None else None
