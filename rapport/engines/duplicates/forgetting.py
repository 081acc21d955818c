"""What an erasure of personal data does here: who became part of the person goes too, and so does every snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.engines.duplicates.models import DuplicatePair, KinPair, Merge
from rapport.engines.duplicates.tasks import forget_snapshot
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def merged_into(ctx: Context, info: TypeInfo, record_id: UUID) -> list[Record]:
    """The records in the bin that became part of this one, over several merges."""
    found: dict[UUID, None] = {}
    waiting = [record_id]
    while waiting:
        rows = Merge.objects.filter(
            workspace_id=ctx.workspace.pk, type=info.key, survivor_id__in=waiting, state=Merge.DONE
        ).values_list("loser_id", flat=True)
        waiting = [pk for pk in rows if pk not in found]
        found |= dict.fromkeys(waiting)
    return list(info.model.objects.filter(workspace_id=ctx.workspace.pk, pk__in=list(found), deleted_at__isnull=False))


def forget_doubles(ctx: Context, ids: Iterable[UUID]) -> None:
    """Drop pairs and snapshots that are about these records; a merge among them can no longer be taken back."""
    every = list(ids)
    DuplicatePair.objects.filter(Q(one_id__in=every) | Q(other_id__in=every), workspace_id=ctx.workspace.pk).delete()
    KinPair.objects.filter(Q(record_id__in=every) | Q(other_id__in=every), workspace_id=ctx.workspace.pk).delete()
    merges = Merge.objects.filter(Q(survivor_id__in=every) | Q(loser_id__in=every), workspace_id=ctx.workspace.pk)
    for pk in list(merges.filter(settled_at=None).values_list("pk", flat=True)):
        forget_snapshot(ctx.workspace, pk)
