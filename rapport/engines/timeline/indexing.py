"""Keeping the links of the timeline right, in the transaction of every write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.timeline.models import TimelineLink
from rapport.kernel.access.current import current_workspace_id
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_COLUMNS = ("workspace_id", "story_id", "entry_type", "entry_id", "at")


@indexer
def index_timeline(ctx: Context, written: list[Written]) -> None:
    """Write one link per record in whose story an entry shows; entries in the bin have none."""
    rows: list[tuple[object, ...]] = []
    stale: list[UUID] = []
    for one in written:
        if one.info.declared.timeline is None or not _touched(one):
            continue
        if one.verb != "create":
            stale.append(one.record.pk)
        if one.verb != "delete":
            at = entry_time(one.info, one.record)
            rows += [
                (ctx.workspace.pk, story, one.info.key, one.record.pk, at) for story in _stories(one.info, one.record)
            ]
    if stale:
        kept = _carried(stale, written)
        TimelineLink.objects.filter(workspace_id=ctx.workspace.pk, entry_id__in=stale).delete()
        rows += [(ctx.workspace.pk, *row) for row in kept if row not in {r[1:] for r in rows}]
    insert_rows(TimelineLink, _COLUMNS, rows)


def carry_story(ctx: Context, source_id: UUID, targets: list[UUID]) -> None:
    """Let everything in one record's story show in others too (a converted lead's history goes on under what it became)."""
    links = list(TimelineLink.objects.filter(workspace_id=ctx.workspace.pk, story_id=source_id))
    there = set(
        TimelineLink.objects.filter(workspace_id=ctx.workspace.pk, story_id__in=targets).values_list("story_id", "entry_id")
    )
    rows = [
        (ctx.workspace.pk, target, link.entry_type, link.entry_id, link.at)
        for link in links
        for target in targets
        if (target, link.entry_id) not in there and target != link.entry_id
    ]
    insert_rows(TimelineLink, _COLUMNS, rows)


def show_in(ctx: Context, links: Sequence[tuple[UUID, str, UUID, dt.datetime]]) -> None:
    """Let entries show in more stories than their own fields name: (story, type of entry, entry, when)."""
    rows = [(ctx.workspace.pk, *link) for link in dict.fromkeys(links)]
    insert_rows(TimelineLink, _COLUMNS, rows)


def _carried(stale: list[UUID], written: list[Written]) -> list[tuple[object, ...]]:
    """Links that came by `carry_story` outlive a change of the entry, with its new time."""
    by_id = {one.record.pk: one for one in written}
    found = []
    for link in TimelineLink.objects.filter(workspace_id=current_workspace_id(), entry_id__in=stale):
        one = by_id[link.entry_id]
        before = _stories_before(one)
        if one.verb != "delete" and link.story_id not in before:
            found.append((link.story_id, link.entry_type, link.entry_id, entry_time(one.info, one.record)))
    return found


def _stories_before(one: Written) -> set[object]:
    found: set[object] = set(_stories(one.info, one.record))
    assert one.info.declared.timeline is not None
    for key in one.info.declared.timeline.on:
        old = one.diff.get(key, (None, None))[0]
        found.add(old[1] if isinstance(old, tuple) else old)
    return found


def _touched(one: Written) -> bool:
    declared = one.info.declared.timeline
    assert declared is not None
    return one.verb != "update" or one.changed(declared.at, *declared.on)


def entry_time(info: TypeInfo, record: Record) -> dt.datetime:
    """The moment an entry shows at; a date counts as its midnight UTC, a missing one as the time of creation."""
    assert info.declared.timeline is not None
    value = read_value(record, info.fields[info.declared.timeline.at])
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(), dt.UTC)
    return record.created_at


def _stories(info: TypeInfo, record: Record) -> list[UUID]:
    assert info.declared.timeline is not None
    found: dict[UUID, None] = {}
    for key in info.declared.timeline.on:
        value = read_value(record, info.fields[key])
        target = value[1] if isinstance(value, tuple) else value
        if isinstance(target, UUID):
            found[target] = None
    return list(found)
