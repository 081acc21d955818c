"""From the id of a record that was merged away to the one that stands for it now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.duplicates.models import Merge
from rapport.engines.duplicates.registry import identity_of
from rapport.kernel.access import gate
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Merges of merges that are followed.
_STEPS = 20


def standing_for(ctx: Context, type_key: str, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Survivors by the ids of those that were merged into them, over several merges. The caller asks the gate."""
    waiting = {pk: pk for pk in ids}
    found: dict[UUID, UUID] = {}
    if identity_of(type_key) is None:
        return found
    for _step in range(_STEPS):
        if not waiting:
            break
        rows = Merge.objects.filter(
            workspace_id=ctx.workspace.pk, type=type_key, loser_id__in=list(waiting.values()), state=Merge.DONE
        )
        heirs = dict(rows.values_list("loser_id", "survivor_id"))
        waiting = {old: heirs[at] for old, at in waiting.items() if at in heirs}
        found |= waiting
    return found


def heir_of(ctx: Context, info: TypeInfo, record_id: object) -> UUID | None:
    """The survivor of a record that is not there (any more) for this viewer, if they may see it; None otherwise."""
    wanted = as_id(record_id)
    if wanted is None or identity_of(info.key) is None:
        return None
    heir = standing_for(ctx, info.key, [wanted]).get(wanted)
    return heir if heir is not None and gate.visible(ctx, info).filter(pk=heir).exists() else None
