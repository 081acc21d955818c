"""Records that come out of the bin after a merge: what they point at may have become part of another meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.duplicates.models import Merge, MergeMove
from rapport.engines.duplicates.pointers import standing_for
from rapport.engines.duplicates.pointing import Pointing, pointing_at
from rapport.engines.duplicates.registry import identities
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@indexer
def follow_merges(ctx: Context, written: list[Written]) -> None:
    """A restored record points at the survivor of what it pointed at; and, when that merge was taken back while the record
    lay in the bin, at the record it had before."""
    restored = [one for one in written if one.verb == "restore"]
    if not restored or ctx.action in ("merge", "unmerge"):
        return
    for identity in identities():
        by_type: dict[str, list[Pointing]] = {}
        for one in pointing_at(ctx, identity.type):
            by_type.setdefault(one.info.key, []).append(one)
        for one in restored:
            _follow(ctx, identity.type, one, by_type.get(one.info.key, []))


def _follow(ctx: Context, type_key: str, one: Written, fields: list[Pointing]) -> None:
    at: dict[str, UUID] = {}
    for pointing in fields:
        value = read_value(one.record, pointing.field)
        if isinstance(value, tuple):
            value = value[1] if value[0] == type_key else None
        if isinstance(value, UUID):
            at[pointing.field.key] = value
    if not at:
        return
    heirs = standing_for(ctx, type_key, set(at.values()))
    edits = {p.field.key: p.value(heirs[at[p.field.key]]) for p in fields if at.get(p.field.key) in heirs}
    edits |= _given_back(ctx, one, fields, at)
    if edits:
        found = ctx.as_system("merge").write_many(one.info.key, [(one.record.pk, edits)])
        for wrong in found.errors.values():
            raise wrong
        one.record.refresh_from_db()


def _given_back(ctx: Context, one: Written, fields: list[Pointing], at: dict[str, UUID]) -> dict[str, object]:
    """References that a merge had moved and its undoing could not reach in the bin."""
    moves = MergeMove.objects.filter(
        workspace_id=ctx.workspace.pk, row=str(one.record.pk), how=MergeMove.REFERENCE, returned=False, holder=one.info.key,
        merge__state=Merge.UNDONE,
    ).select_related("merge")  # fmt: skip
    by_field = {p.field.key: p for p in fields}
    found = {}
    for move in moves:
        if move.field in by_field and at.get(move.field) == move.merge.survivor_id:
            found[move.field] = by_field[move.field].value(move.merge.loser_id)
    return found
