"""Looking for records of one type among those of another: the leads that are customers already.

Each open record of the type is looked up through the indexes that typing uses, some hundred at a time: a workspace has few open
leads beside its customers, and the customers need not be read. Later scans ask the change log about both types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rapport.engines.duplicates.evidence import LIKELY
from rapport.engines.duplicates.finding import find_for, find_kin, identity_for
from rapport.engines.duplicates.models import DuplicateScan, KinPair
from rapport.engines.duplicates.registry import Kin, Reading
from rapport.engines.duplicates.scan_log import Watch, changed_since, last_change
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Records looked up in one go.
_PORTION = 200
#: Hits for one record.
_MOST = 5


def open_ones(ctx: Context, kin: Kin) -> QuerySet:
    """The records of the type for which the joining action is possible."""
    info, action = registry.get(kin.type), actions_of(kin.type)[kin.action]
    rows = info.model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None)
    return rows.filter(compile_filter(ctx.as_system("condition"), info, parse(action.when))) if action.when else rows


def scan_kin(ctx: Context, kin: Kin, watch: Watch, *, anew: bool = False) -> tuple[int, bool]:
    """Bring the pairs up to date; how many were found, and whether it came to the end. `ctx` is the system's."""
    state, _made = DuplicateScan.objects.get_or_create(workspace_id=ctx.workspace.pk, type=kin.key)
    if state.began_at_change is None and state.finished_at is not None and not anew:
        ids = _touched(ctx, kin, state.reached)
        if ids is not None:
            return _few(ctx, kin, state, ids, watch)
    return _whole(ctx, kin, state, watch)


def _whole(ctx: Context, kin: Kin, state: DuplicateScan, watch: Watch) -> tuple[int, bool]:
    """One record after the other by their ids; the place is kept with each portion."""
    if state.began_at_change is None:
        state.began_at_change, state.place = last_change(ctx.workspace), None
        state.number += 1
        state.save()
    found = done = 0
    while ids := list(_from(open_ones(ctx, kin), state.place)[:_PORTION]):
        with transaction.atomic():
            found += _look(ctx, kin, ids, state.number)
            state.place = ids[-1]
            state.save(update_fields=["place"])
        done += len(ids)
        if not watch(done, 0, "read"):
            return found, False
    with transaction.atomic():
        pairs_of(ctx, kin).filter(state=KinPair.OPEN).exclude(scan=state.number).delete()
        state.reached, state.began_at_change, state.place = state.began_at_change or 0, None, None
        state.finished_at, state.records = dt.datetime.now(dt.UTC), done
        state.save()
    return found, True


def _from(rows: QuerySet, place: UUID | None) -> QuerySet:
    return (rows if place is None else rows.filter(pk__gt=place)).order_by("pk").values_list("pk", flat=True)


def _few(ctx: Context, kin: Kin, state: DuplicateScan, ids: Sequence[UUID], watch: Watch) -> tuple[int, bool]:
    """Only these; cut short, the next attempt begins again."""
    until, found = last_change(ctx.workspace), 0
    for at in range(0, len(ids), _PORTION):
        with transaction.atomic():
            found += _look(ctx, kin, ids[at : at + _PORTION], state.number)
        if not watch(at, len(ids), "compare"):
            return found, False
    DuplicateScan.objects.filter(workspace_id=ctx.workspace.pk, pk=state.pk).update(
        reached=until, finished_at=dt.datetime.now(dt.UTC)
    )
    return found, True


def _touched(ctx: Context, kin: Kin, reached: int) -> list[UUID] | None:
    """The records that changed, and those that a changed record of the other type was or may be paired with; None when
    that is much."""
    mine = changed_since(ctx.workspace, registry.get(kin.type), reached)
    theirs = changed_since(ctx.workspace, registry.get(kin.other), reached)
    if mine is None or theirs is None:
        return None
    found = dict.fromkeys(mine)
    for at in range(0, len(theirs), _PORTION):
        some = theirs[at : at + _PORTION]
        found |= dict.fromkeys(pairs_of(ctx, kin).filter(other_id__in=some).values_list("record_id", flat=True))
        found |= dict.fromkeys(_turned_round(ctx, kin, some))
    return sorted(found)


def _turned_round(ctx: Context, kin: Kin, ids: Sequence[UUID]) -> Iterator[UUID]:
    """Records of the type that share a key with changed ones of the other."""
    there, here = registry.get(kin.other), registry.get(kin.type)
    rows = _values(there, there.model.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids, deleted_at=None),
                   identity_for(there).fields)  # fmt: skip
    for reading in kin.readings:
        known = set(identity_for(here).fields)
        given = [
            {mine: values[theirs] for theirs, mine in reading.fields.items() if mine in known and values.get(theirs)}
            for values in rows.values()
        ]
        for some in find_for(ctx, here, [one for one in given if one], least=1, most=20):
            yield from (hit.id for hit in some)


def _look(ctx: Context, kin: Kin, ids: Sequence[UUID], scan: int) -> int:
    """Look some records up and write what was found; what somebody decided stays."""
    rows = _values(registry.get(kin.type), open_ones(ctx, kin).filter(pk__in=ids), kin.fields)
    hits = find_kin(ctx, kin, list(rows.values()), least=LIKELY, most=_MOST)
    pairs_of(ctx, kin).filter(record_id__in=ids, state=KinPair.OPEN).delete()
    made = [
        KinPair(
            workspace_id=ctx.workspace.pk, type=kin.type, record_id=pk, other_type=kin.other, other_id=hit.id,
            input=reading.input, score=hit.score, evidence=_with_both(reading, hit.evidence), scan=scan,
        )
        for pk, some in zip(rows, hits, strict=True) for reading, hit in some
    ]  # fmt: skip
    KinPair.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["workspace", "type", "record_id", "other_id"],
        update_fields=["score", "evidence", "scan", "input"],
    )  # fmt: skip
    return len(made)


def _values(info: TypeInfo, rows: QuerySet, keys: Sequence[str]) -> dict[UUID, dict[str, object]]:
    return {row.pk: {key: read_value(row, info.fields[key]) for key in keys} for row in rows.order_by("pk")}


def _with_both(reading: Reading, evidence: Sequence[tuple[str, tuple[str, ...], int]]) -> list[list[object]]:
    """Evidence with the fields of both sides: whoever sees one of them only is not told that they agree."""
    return [
        [why, [*fields, *(f"<{reading.fields[key]}" for key in fields if key in reading.fields)], weight]
        for why, fields, weight in evidence
    ]


def pairs_of(ctx: Context, kin: Kin) -> QuerySet[KinPair]:
    """The pairs of two types."""
    return KinPair.objects.filter(workspace_id=ctx.workspace.pk, type=kin.type, other_type=kin.other)
