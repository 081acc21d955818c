"""What a changed definition asks of the records that are there: keys to sort by, and the proof that every value stands once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.engines.words.keeping import calculate, follow, roll_up
from rapport.engines.words.plan import plan_of
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import index_search
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written
from rapport.kernel.context import system_context
from rapport.kernel.custom.fields import as_field
from rapport.kernel.custom.keys import sort_key
from rapport.kernel.custom.models import CustomField, UniqueValue
from rapport.kernel.custom.unique import rows_of
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_BATCH = 1_000
#: Up to so many records are looked through while somebody waits.
_AT_ONCE = 100_000
#: Records calculated in one transaction: other writers wait no longer than that.
_PORTION = 500


def prepare(ctx: Context, written: list[Written]) -> None:
    """After a definition was saved: start the job that makes its keys; see that unique values are so."""
    for one in written:
        row = one.record
        assert isinstance(row, CustomField)
        if row.formula or row.roll_up:
            if one.verb in ("create", "restore") or one.changed("formula", "roll_up", "of_field", "take", "matching", "of_type"):
                _calculate_all(ctx, row)
            continue
        if one.changed("in_search") and one.verb == "update":
            enqueue(search_again, workspace=ctx.workspace, asked_by=ctx.actor_id, on_type=row.on_type)
        if one.verb != "update":
            continue
        if one.changed("is_fast") and row.is_fast:
            CustomField.objects.filter(workspace_id=ctx.workspace.pk, pk=row.pk).update(is_indexed=False)
            row.is_indexed = False
            enqueue(index_field, workspace=ctx.workspace, asked_by=ctx.actor_id, field=str(row.pk))
        if one.changed("is_unique"):
            _hold_once(ctx, row)


def _hold_once(ctx: Context, row: CustomField) -> None:
    """Take or give back the values that stand once; refused while two records share one."""
    UniqueValue.objects.filter(workspace_id=ctx.workspace.pk, type=row.on_type, field=row.key).delete()
    if not row.is_unique:
        return
    info, field = registry.get(row.on_type), as_field(row)
    there = info.model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, custom__has_key=row.slot or row.key)
    if there.order_by().values("pk")[: _AT_ONCE + 1].count() > _AT_ONCE:
        raise Invalid(
            _("Too many records have a value already; add a new field with unique values and import into it."), field="is_unique"
        )
    rows = []
    for record in there.iterator(_BATCH):
        rows += rows_of(ctx, info, record.pk, {row.key: read_value(record, field)}, {row.key: field})
    try:
        with transaction.atomic():
            insert_rows(UniqueValue, ("workspace_id", "type", "field", "key", "record_id"), rows)
    except IntegrityError:
        raise Invalid(
            _("Some records share a value of this field; give each its own first. Group the list by the field to find them."),
            field="is_unique",
        ) from None


@job(max_attempts=8, name="custom.index_field")
def index_field(job_ctx: JobContext, *, field: str) -> int:
    """Write the sorting keys of a field for every record that has a value; lists are sorted by it when all stand."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    row = CustomField.objects.filter(workspace_id=workspace.pk, pk=field, is_fast=True, deleted_at=None).first()
    if row is None:
        return 0
    ctx, info, one = system_context(workspace, "custom fields"), registry.get(row.on_type), as_field(row)
    rows = info.model.objects.filter(workspace_id=workspace.pk, custom__has_key=row.slot or row.key)
    done, last = 0, UUID(int=0)
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        last = some[-1].pk
        ids = [record.pk for record in some]
        with transaction.atomic():
            # Read again, under the transaction that writes the keys: a change in between must not be lost.
            fresh = list(info.model.objects.select_for_update().filter(workspace_id=workspace.pk, pk__in=ids))
            keys = [(record.pk, sort_key(ctx, read_value(record, one))) for record in fresh]
            IndexedValue.objects.filter(workspace_id=workspace.pk, record_id__in=ids, field=one.key_name).delete()
            insert_rows(
                IndexedValue, ("workspace_id", "type", "field", "key", "record_id"),
                [(workspace.pk, info.key, one.key_name, key, pk) for pk, key in keys if key is not None],
            )  # fmt: skip
        done += len(some)
        job_ctx.progress(done)
        if job_ctx.should_stop:
            return done
    with transaction.atomic():
        ctx.write(row, is_indexed=True)
    return done


def _calculate_all(ctx: Context, row: CustomField) -> None:
    """Start the job that calculates a new or changed definition for every record; lists are sorted by it when it is done."""
    CustomField.objects.filter(workspace_id=ctx.workspace.pk, pk=row.pk).update(is_indexed=False)
    row.is_indexed = False
    enqueue(calculate_field, workspace=ctx.workspace, asked_by=ctx.actor_id, field=str(row.pk))


@job(max_attempts=8, name="words.calculate_field")
def calculate_field(job_ctx: JobContext, *, field: str) -> int:
    """Calculate one field for every record of its type, in portions, each in a transaction of its own."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    row = CustomField.objects.filter(workspace_id=workspace.pk, pk=field, deleted_at=None).first()
    ctx = system_context(workspace, "calculated fields")
    step = plan_of(workspace).steps.get((row.on_type, row.key)) if row is not None else None
    if row is None or step is None or row.on_type not in registry or (row.roll_up and row.of_type not in registry):
        return 0
    info, done, last = registry.get(row.on_type), 0, UUID(int=0)
    rows = info.model.objects.filter(workspace_id=workspace.pk, deleted_at=None)
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_PORTION]):
        last = ids[-1]
        with transaction.atomic():
            if step.formula is not None:
                if calculate(ctx, info, step, ids):
                    follow(ctx, info, ids, {row.key})
            else:
                roll_up(ctx, step, ids)
        done += len(ids)
        job_ctx.progress(done)
        if job_ctx.should_stop:
            return done
    if not row.is_indexed:
        ctx.write(row, is_indexed=True)
    return done


@job(max_attempts=8, name="words.search_again")
def search_again(job_ctx: JobContext, *, on_type: str) -> int:
    """Write the search entries of a type anew: the search finds its records by another field now, or by one less."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    ctx, done, last = system_context(workspace, "search"), 0, UUID(int=0)
    if on_type not in registry:
        return 0
    info = registry.get(on_type)
    rows = info.model.objects.filter(workspace_id=workspace.pk, deleted_at=None)
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:_PORTION]):
        last = some[-1].pk
        with transaction.atomic():
            index_search(ctx, [Written(info, record, "restore") for record in some])
        done += len(some)
        job_ctx.progress(done)
        if job_ctx.should_stop:
            return done
    return done
