"""Pairs that hang together: three or four records that may all be one, shown and merged as one group.

Groups are not stored. A page takes the likeliest pairs by their index and lets each grow along the pairs of its members, some
steps for all of them at once: the same few queries for ten pairs and for a million, and nothing to keep right when pairs come
and go. A group stands where its likeliest pair stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.duplicates.pairs import LOOKS, Pair, after, both_seen, decide, mark_of, seen
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Members of a group that are shown side by side; what else hangs on to it comes when these are decided.
MOST = 6
#: Pairs followed from a member on, step by step.
_STEPS = 3
#: Pairs read in one step.
_ROWS = 600


@dataclass(frozen=True)
class Group:
    """Records that may be one, with the pairs that say so, likeliest first."""

    pairs: tuple[Pair, ...]
    #: In the order of their likeliest pairs; at most `MOST`.
    members: tuple[UUID, ...]
    #: How many more hang on to it.
    more: int = 0

    @property
    def head(self) -> Pair:
        """Its likeliest pair, by which it is known."""
        return self.pairs[0]


def groups_page(ctx: Context, info: TypeInfo, *, limit: int = 50, cursor: str = "") -> tuple[list[Group], str | None]:
    """Groups, likeliest first, of open pairs that the viewer may merge; and the mark of the next page."""
    found: list[Group] = []
    at: str | None = cursor
    for _look in range(LOOKS):
        rows = list(after(both_seen(ctx, info), at or "")[: limit + 1])
        by_pair = _grown(ctx, info, rows[:limit])
        found += [group for row in rows[:limit] if (group := by_pair.get(row.pk)) and group.head.id == row.pk]
        at = mark_of(rows[limit - 1]) if len(rows) > limit else None
        if at is None or len(found) >= limit:
            break
    return found, at


def group_of(ctx: Context, info: TypeInfo, pair: Pair) -> Group:
    """The group of an open pair; the pair alone when nothing hangs on to it."""
    rows = list(both_seen(ctx, info).filter(pk=pair.id))
    return _grown(ctx, info, rows).get(pair.id) or Group((pair,), (pair.one_id, pair.other_id))


def next_group(ctx: Context, info: TypeInfo, pair: Pair | None) -> Group | None:
    """The group that follows the one of a pair, for whoever works through them; from the top again at the end."""
    row = None
    if pair is not None:
        row = DuplicatePair.objects.filter(workspace_id=ctx.workspace.pk, pk=pair.id).first()
    found, _more = groups_page(ctx, info, limit=1, cursor=mark_of(row) if row is not None else "")
    if not found and row is not None:
        found, _more = groups_page(ctx, info, limit=2)
    return next((one for one in found if pair is None or pair.id not in {each.id for each in one.pairs}), None)


def part_from(ctx: Context, group: Group, member: UUID) -> int:
    """Say that one member is none of the others; how many pairs were decided."""
    pairs = [one for one in group.pairs if member in (one.one_id, one.other_id)]
    for one in pairs:
        decide(ctx, one, apart=True)
    return len(pairs)


def _grown(ctx: Context, info: TypeInfo, seeds: Sequence[DuplicatePair]) -> dict[int, Group]:
    """The group of each of the pairs, and of every pair met on the way."""
    rows = {row.pk: row for row in seeds}
    reached: set[UUID] = set()
    edge = _ends(seeds)
    for _step in range(_STEPS):
        reached |= edge
        if not edge:
            break
        some = sorted(edge)
        met = both_seen(ctx, info).filter(Q(one_id__in=some) | Q(other_id__in=some)).order_by("-score", "id")[:_ROWS]
        rows |= {row.pk: row for row in met}
        edge = _ends(rows.values()) - reached
    pairs = [pair for row in rows.values() if (pair := seen(ctx, info, row)) is not None]
    return {pair.id: group for group in _joined(pairs) for pair in group.pairs}


def _ends(rows: Iterable[DuplicatePair]) -> set[UUID]:
    return {pk for row in rows for pk in (row.one_id, row.other_id)}


def _joined(pairs: Iterable[Pair]) -> list[Group]:
    """Pairs sorted into groups: two belong together when they share a member (union-find)."""
    above: dict[UUID, UUID] = {}

    def top(pk: UUID) -> UUID:
        while above.setdefault(pk, pk) != pk:
            above[pk] = above[above[pk]]
            pk = above[pk]
        return pk

    ordered = sorted(pairs, key=lambda one: (-one.score, one.id))
    for one in ordered:
        above[top(one.other_id)] = top(one.one_id)
    found: dict[UUID, list[Pair]] = {}
    for one in ordered:
        found.setdefault(top(one.one_id), []).append(one)
    return [_group(some) for some in found.values()]


def _group(pairs: list[Pair]) -> Group:
    every = list(dict.fromkeys(pk for one in pairs for pk in (one.one_id, one.other_id)))
    return Group(tuple(pairs), tuple(every[:MOST]), len(every) - len(every[:MOST]))
