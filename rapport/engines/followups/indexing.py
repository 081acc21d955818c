"""Dates without an index of their own (custom fields, days that come round every year) as keys of the value index.

Kept only for dates that some rule of the workspace counts from, and only those cost a write anything. The list of them is
kept per process under the workspace's schema version, which a rule raises when it begins to count from another date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.engines.followups.models import FollowUpRule, FollowUpState
from rapport.engines.followups.plan import has_index
from rapport.engines.followups.registry import kept_keys
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.context import system_context
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import read_page
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

_COLUMNS = ("workspace_id", "type", "field", "key", "record_id")
_BATCH = 200
#: The state of a rule whose dates are being read for the first time: it waits, and misses nothing.
READING = "reading"
#: workspace -> (schema version, type key -> {(field key, mode)}).
_watched: dict[UUID, tuple[int, dict[str, set[tuple[str, str]]]]] = {}


def index_name(field_key: str, mode: str) -> str:
    """The name under which the dates of a field stand in the value index; no field anybody filters by."""
    return f"{'yearly' if mode == 'yearly' else 'moment'}:{field_key}"


def index_key(value: object, mode: str) -> str:
    """The key of a date: what sorts as the dates do; month and day for those that come round."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert isinstance(value, dt.date)
    return value.strftime("%m-%d") if mode == "yearly" else value.isoformat()


def needs_keys(on_type: str, field: Field, mode: str) -> bool:
    """Whether the dates of a field can be walked only by keys that the engine keeps."""
    return not kept_keys(on_type, field.key, mode) and (mode == "yearly" or not has_index(field))


def is_ready(workspace: Workspace, on_type: str, field: Field, mode: str) -> bool:
    """Whether a rule that counts from the date finds its keys: nothing to be read first."""
    mode = "yearly" if mode == "yearly" else "after"
    if not needs_keys(on_type, field, mode):
        return True
    if (field.key, mode) not in watched(workspace).get(on_type, ()):
        return False
    rules = FollowUpRule.objects.filter(workspace_id=workspace.pk, deleted_at=None, on_type=on_type, moment=field.key)
    states = FollowUpState.objects.filter(workspace_id=workspace.pk, rule_id__in=rules.values("pk"))
    return states.exclude(problem=READING).exists()


def watched(workspace: Workspace) -> dict[str, set[tuple[str, str]]]:
    """The dates that rules of the workspace count from and that need keys, by type."""
    kept = _watched.get(workspace.pk)
    if kept is None or kept[0] != workspace.schema_version:
        found: dict[str, set[tuple[str, str]]] = {}
        rows = FollowUpRule.objects.filter(workspace_id=workspace.pk, deleted_at=None)
        for on_type, moment, mode in rows.values_list("on_type", "moment", "mode").distinct():
            field = field_of(workspace, on_type, moment)
            if field is not None and needs_keys(on_type, field, mode):
                found.setdefault(on_type, set()).add((moment, "yearly" if mode == "yearly" else "after"))
        kept = _watched[workspace.pk] = (workspace.schema_version, found)
    return kept[1]


def field_of(workspace: Workspace, on_type: str, moment: str) -> Field | None:
    """A field of a type, built-in or custom; None when either is gone."""
    if on_type not in registry:
        return None
    return {**registry.get(on_type).fields, **custom_fields(workspace, on_type)}.get(moment)


@indexer
def index_moments(ctx: Context, written: list[Written]) -> None:
    """Keep the keys of watched dates that a write changed."""
    wanted = watched(ctx.workspace)
    if not wanted:
        return
    rows: list[tuple[object, ...]] = []
    for one in written:
        for field_key, mode in wanted.get(one.info.key, ()):
            if field_key not in one.diff:
                continue
            name, value = index_name(field_key, mode), one.diff[field_key][1]
            if one.verb != "create":
                IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, record_id=one.record.pk, field=name).delete()
            if isinstance(value, dt.date):
                rows.append((ctx.workspace.pk, one.info.key, name, index_key(value, mode), one.record.pk))
    insert_rows(IndexedValue, _COLUMNS, rows)


@job(max_attempts=8, name="followups.index_moments")
def index_all_moments(job_ctx: JobContext, *, on_type: str, moment: str, mode: str) -> int:
    """Bring the keys of one date into line for every record of a type: a rule has begun to count from it."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    done = 0
    with use_workspace(workspace):
        if field_of(workspace, on_type, moment) is None:
            return 0
        info, last = registry.get(on_type), UUID(int=0)
        rows = info.model.objects.filter(workspace_id=workspace.pk, deleted_at=None)
        while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
            last = ids[-1]
            index_some(workspace, info, ids, moment, mode)
            done += len(ids)
            job_ctx.progress(done)
            if job_ctx.should_stop:
                return done
        _let_go(workspace, on_type, moment, mode)
    return done


def _let_go(workspace: Workspace, on_type: str, moment: str, mode: str) -> None:
    """Rules that waited for these keys may run now."""
    rules = FollowUpRule.objects.filter(workspace_id=workspace.pk, on_type=on_type, moment=moment)
    rules = rules.filter(mode="yearly") if mode == "yearly" else rules.exclude(mode="yearly")
    waiting = FollowUpState.objects.filter(workspace_id=workspace.pk, rule_id__in=rules.values("pk"), problem=READING)
    waiting.update(problem="")


@every(seconds=24 * 3600)
@job(name="followups.index_again")
def index_everything_again(job_ctx: JobContext) -> None:
    """Once a day the keys are brought into line again, so that no slip lasts."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            for on_type, dates in watched(workspace).items():
                for moment, mode in sorted(dates):
                    enqueue(index_all_moments, workspace=workspace, on_type=on_type, moment=moment, mode=mode)


def index_some(workspace: Workspace, info: TypeInfo, ids: Sequence[UUID], moment: str, mode: str) -> None:
    """Write the keys of some records anew, in one transaction."""
    name = index_name(moment, mode)
    ctx = system_context(workspace, "follow-up rule")
    with transaction.atomic():
        base = info.model.objects.filter(workspace_id=workspace.pk, pk__in=ids)
        page = read_page(ctx, info, base=base, fields=[moment], limit=_BATCH)
        there = IndexedValue.objects.filter(workspace_id=workspace.pk, record_id__in=ids, field=name)
        had = set(there.values_list("record_id", "key"))
        want = {(row.id, index_key(v, mode)) for row in page.rows if isinstance(v := row.values.get(moment), dt.date)}
        if stale := {pk for pk, _key in had - want}:
            there.filter(record_id__in=stale).delete()
        missing = {one for one in want if one not in had or one[0] in stale}
        insert_rows(IndexedValue, _COLUMNS, [(workspace.pk, info.key, name, key, pk) for pk, key in sorted(missing)])
