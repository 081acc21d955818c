"""One page of the change feed, and which changes a viewer may be told of at all.

A change is told when its record is the viewer's to see now, in the bin or out of it, and then with those fields only that
they may see; an update of nothing else is not there. A record that left their reach by its own columns (it was given to
somebody else) is told once as "gone": they saw it until then. Of anything else there is only a gap in the numbers, which
says that something was written, as the numbers in any history do (docs/decisions/0016-programs.md).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.history import lines
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.context import Context
from rapport.kernel.ids import as_id
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

#: Verb of the last a viewer hears of a record that left their reach.
GONE = "gone"
#: Numbers looked at for one page: a stretch that a viewer sees nothing of costs no more than one they see all of.
MOST_SEEN = 2_000


@dataclass(frozen=True)
class Told:
    """One change as its reader may know it; of a record that is gone neither who nor what."""

    change: Change
    info: TypeInfo
    verb: str
    entries: tuple[tuple[Field, object, object], ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether the record left the reader's reach with this change."""
        return self.verb == GONE


@dataclass
class FeedPage:
    """Changes in the order of their numbers; reading goes on after `next`, at once when there is `more`."""

    told: list[Told] = field(default_factory=list)
    next: int = 0
    more: bool = False


def feed_page(ctx: Context, *, after: int, types: Sequence[str] | None = None, limit: int = 100) -> FeedPage:
    """The changes after a number. `types` None means all that the viewer may see records of."""
    # Read before the rows: numbers are given in the order of commits, so whatever is up to it is there to be read.
    last = Workspace.objects.values_list("change_number", flat=True).get(pk=ctx.workspace.pk)
    if after >= last:
        return FeedPage(next=after)
    rows, seen_to = _rows(ctx, after, last, types, limit)
    told = changes_told(ctx, rows)
    if len(told) > limit:
        return FeedPage(told[:limit], told[limit - 1].change.number, True)
    return FeedPage(told, seen_to, seen_to < last)


def _rows(ctx: Context, after: int, last: int, types: Sequence[str] | None, limit: int) -> tuple[list[Change], int]:
    """Writes after a number, and the number up to which none is left out."""
    every = Change.objects.filter(workspace_id=ctx.workspace.pk, number__gt=after, number__lte=last).order_by("number")
    if types is None:
        stretch = min(after + MOST_SEEN, last)
        return list(every.filter(number__lte=stretch, verb__in=WRITES)), stretch
    wanted = limit + 1
    # Each along the index of its type, so that a rare type is found at once in a long history.
    each = [list(every.filter(type=key, verb__in=WRITES)[:wanted]) for key in types]
    merged = list(heapq.merge(*each, key=lambda one: one.number))
    cut = [some[-1].number for some in each if len(some) == wanted]
    seen_to = min(cut) if cut else last
    return [one for one in merged if one.number <= seen_to], seen_to


def changes_told(ctx: Context, changes: Iterable[Change]) -> list[Told]:
    """Those of the changes that the viewer may be told of, each with the fields they may see, in their order."""
    by_type: dict[str, list[Change]] = {}
    for one in changes:
        if one.type in registry and one.record_id is not None and one.verb in WRITES:
            by_type.setdefault(one.type, []).append(one)
    found: list[Told] = []
    for key, some in by_type.items():
        info = registry.get(key)
        if gate.allows(ctx, info, "view"):
            found += _of_type(ctx, info, some)
    return sorted(found, key=lambda one: one.change.number)


def _of_type(ctx: Context, info: TypeInfo, changes: list[Change]) -> list[Told]:
    ids = {one.record_id for one in changes if one.record_id is not None}
    seen: set[UUID] = set()
    for in_bin in (False, True):
        if missing := ids - seen:
            seen |= set(gate.visible(ctx, info, in_bin=in_bin).filter(pk__in=missing).values_list("pk", flat=True))
    shown = lines(ctx, info, [one for one in changes if one.record_id in seen])
    found = [Told(one.change, info, one.change.verb, one.entries) for one in shown]
    return found + [Told(one, info, GONE) for one in changes if one.record_id not in seen and _left(ctx, info, one)]


def _left(ctx: Context, info: TypeInfo, change: Change) -> bool:
    """Whether the change took the record out of the viewer's reach: before it, they were its owner or in its team."""
    if change.verb != "update" or info.declared.under:
        return False
    reach = gate.reach(ctx, info, "view")
    if reach.everything or reach.nothing:
        return False
    owner, team = (as_id((change.diff.get(key) or [None])[0]) for key in ("owner", "team"))
    return (owner is not None and owner in set(reach.owners)) or (team is not None and team in set(reach.teams))
