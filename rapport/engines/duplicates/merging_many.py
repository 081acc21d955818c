"""Making one record of several: one merge after the other into the same survivor, each to be taken back by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.duplicates.merging import carry_out, demand_both, is_large, prepared
from rapport.engines.duplicates.models import Merge
from rapport.engines.duplicates.tasks import begin_merge
from rapport.engines.duplicates.values import BOTH, ONE, OTHER
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def merge_several(
    ctx: Context, info: TypeInfo, survivor_id: UUID, loser_ids: Sequence[UUID], picks: Mapping[str, str]
) -> list[Merge]:
    """Merge some records into one. `picks` say for a field whose value stays: the id of a member, or "both" for all of them.

    All or none, in one transaction; where one of them is much, each is a job of its own. Raises what a merge of two raises.
    """
    pairs = [demand_both(ctx, info, survivor_id, pk) for pk in loser_ids]
    chosen = {two.loser.pk: _picks_for(survivor_id, two.loser.pk, picks) for two in pairs}
    if any(is_large(ctx, two) for two in pairs):
        return [begin_merge(ctx, two, chosen[two.loser.pk]) for two in pairs]
    with unit_of_work(ctx):
        return [carry_out(ctx, prepared(ctx, two, chosen[two.loser.pk])) for two in pairs]


def _picks_for(survivor_id: UUID, loser_id: UUID, picks: Mapping[str, str]) -> dict[str, str]:
    """The picks of a group as one of its merges takes them: whose value was picked is asked when their turn comes."""
    found = {}
    for key, pick in picks.items():
        found[key] = BOTH if pick == BOTH else OTHER if pick == str(loser_id) else ONE
    return found
