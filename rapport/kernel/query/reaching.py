"""How a list behind a wall is found: by collecting what the viewer may see, or by walking the list's own order.

The owner of a workspace walks: the next fifty rows of the index are the page. A seller who may see 3,000 of 1,000,000
records would walk past 15,000 rows of others for each page, so there the ids are collected by the indexes of owner, team
and grants, and the rows sorted. The turning point is where both cost the same: walking takes about 50 rows times
all / visible, collecting takes all the visible ones. Planners do not find this by themselves (measured at 1,000,000
customers: 1.6 s for `owner OR team OR grants` where 40 ms do; docs/decisions/0007-access.md).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from rapport.kernel.access import gate
from rapport.kernel.query.among import IsAmong
from rapport.kernel.query.walking import fenced
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Up to so many the ways are joined in one query, which then sorts them itself.
FEW_TO_JOIN = 500
#: Up to so many visible records are collected for a sorted page.
FEW_TO_SORT = 7_000
#: Up to so many are collected to be counted: a count walks to the cap, a page only to its end.
FEW_TO_COUNT = 80_000

_REMEMBERED, _MARKS = 60.0, 2_000
_counted: OrderedDict[tuple[object, ...], tuple[int, int, float]] = OrderedDict()


def listed(ctx: Context, info: TypeInfo, verb: str = "view") -> QuerySet:
    """The visible rows for a reader of whole lists: counts, sums, columns of boards. The same rows as `gate.visible`."""
    if not _is_plain(ctx, info) and has_few(ctx, info, FEW_TO_COUNT):
        first, *others = _ids(ctx, info)
        # UNION ALL, because SQLite sorts for UNION: it then walks all records by id instead of those of the team.
        rows = gate.unscoped_rows(ctx, info).filter(IsAmong(first.union(*others, all=True) if others else first))
        return rows.filter(_further(ctx, info, verb))
    return walked_rows(ctx, info, verb)


def narrowed(ctx: Context, info: TypeInfo) -> QuerySet:
    """The visible rows for a reader that an index of its own leads to few of them (the open deals of a stage): collected
    only when they are few, else tested one by one."""
    return listed(ctx, info) if has_few(ctx, info, FEW_TO_SORT) else walked_rows(ctx, info, "view")


def walked_rows(ctx: Context, info: TypeInfo, verb: str) -> QuerySet:
    """The visible rows, to be tested one by one on the way along an index."""
    if _is_plain(ctx, info):
        return gate.visible(ctx, info, verb)
    return gate.unscoped_rows(ctx, info).filter(fenced(gate.within_both(ctx, info, verb)))


def ways_to_sort(ctx: Context, info: TypeInfo, verb: str) -> list[QuerySet] | None:
    """For a sorted page: the visible rows in one query for each way by which they are visible, when they are few; no
    queries when they are so few that `listed` rows are sorted at once; None when the sort's index is to be walked."""
    if _is_plain(ctx, info) or not has_few(ctx, info, FEW_TO_SORT):
        return None
    if has_few(ctx, info, FEW_TO_JOIN):
        return []
    rows, further = gate.unscoped_rows(ctx, info), _further(ctx, info, verb)
    # Planners take granted records for common ones and walk to them, so these are sorted at once.
    granted = [rows.filter(IsAmong(ids)).annotate(is_collected=Value(True)) for ids in _granted(ctx, info)]
    return [way.filter(further) for way in _own_ways(ctx, info) + granted]


def sorted_at_once(rows: QuerySet, order: tuple[str, str]) -> QuerySet:
    """The rows in the order, by a value that no index has, so that no planner walks the sort's index after all."""
    path, sign = order[0].lstrip("-"), "-" if order[0].startswith("-") else ""
    return rows.annotate(sorted_value=Coalesce(path, path)).order_by(f"{sign}sorted_value", order[1])


def first_ids(ways: list[QuerySet], condition: Q, order: tuple[str, str], wanted: int) -> list[UUID]:
    """Ids of the first rows of all the ways together: `order` is the sorted path and the id, each with its direction."""
    path, down = order[0].lstrip("-"), order[0].startswith("-")
    # One query for each way, so that each takes the index that suits it and none sorts more than it has to.
    pairs: dict[UUID, object] = {}
    for way in ways:
        rows = way.filter(condition)
        rows = sorted_at_once(rows, order) if "is_collected" in rows.query.annotations else rows.order_by(*order)
        pairs |= dict(rows.values_list("pk", path)[:wanted])
    first = sorted(pairs, reverse=order[1].startswith("-"))
    first.sort(key=pairs.__getitem__, reverse=down)
    return first[:wanted]


def has_few(ctx: Context, info: TypeInfo, most: int) -> bool:
    """Whether the viewer may see at most so many records of the type (records that are visible in two ways count twice,
    so it may say no a little early).

    Counted on indexes only, and remembered for a minute: it chooses a plan and decides nothing about access.
    """
    viewer = ctx.viewer
    mark = (ctx.workspace.pk, ctx.workspace.access_version, viewer.user_id, viewer.role_id, info.key)
    seen, asked_up_to, at = _counted.get(mark, (0, 0, 0.0))
    if time.monotonic() - at > _REMEMBERED or (seen >= asked_up_to and most >= asked_up_to):
        first, *others = _ids(ctx, info)
        rows = first.union(*others, all=True) if others else first
        # A page first asks up to what it would sort; only a count needs to know more.
        asked_up_to = (FEW_TO_SORT if most <= FEW_TO_SORT else most) + 1
        seen = rows[:asked_up_to].count()
        _counted[mark] = (seen, asked_up_to, time.monotonic())
        while len(_counted) > _MARKS:
            _counted.popitem(last=False)
    return seen <= most


def _is_plain(ctx: Context, info: TypeInfo) -> bool:
    """Whether there is nothing to choose: everything is seen, or nothing, or a parent decides."""
    return bool(info.declared.under) or gate.sees_all(ctx, info) or gate.reach(ctx, info, "view").nothing


def _further(ctx: Context, info: TypeInfo, verb: str) -> Q:
    """What a verb asks beyond being seen."""
    return Q() if verb == "view" else gate.within_scope(ctx, info, verb)


def _ids(ctx: Context, info: TypeInfo) -> list[QuerySet]:
    """One query of ids for each way by which records are visible."""
    return [way.order_by().values_list("pk") for way in _own_ways(ctx, info)] + _granted(ctx, info)


def _own_ways(ctx: Context, info: TypeInfo) -> list[QuerySet]:
    rows = gate.unscoped_rows(ctx, info)
    return [rows.filter(way) for way in gate.ways(info, gate.reach(ctx, info, "view"))]


def _granted(ctx: Context, info: TypeInfo) -> list[QuerySet]:
    found = gate.reach(ctx, info, "view")
    return [gate.grants(ctx, info, found).order_by().values_list("record_id")] if found.principals else []
