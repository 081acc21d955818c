"""Background work: scans, large merges, and the day after which a merge stays."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation

from rapport.engines.duplicates.merging import AT_ONCE, DAYS, Two, carry_out, is_large, prepared
from rapport.engines.duplicates.models import DuplicateScan, Merge, MergeMove
from rapport.engines.duplicates.registry import identities
from rapport.engines.duplicates.scanning import scan_type
from rapport.engines.duplicates.unmerging import demand_undo, unmerge
from rapport.engines.duplicates.unmerging import is_large as is_large_undo
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Conflict, RapportError
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.schedules import daily, every
from rapport.kernel.jobs.tasks import GiveUp, enqueue, job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

#: Rows of a snapshot dropped in one go.
_PORTION = 5_000


# -- scans ------------------------------------------------------------------------------------------------------------


def start_scan(workspace: Workspace, type_key: str, *, asked_by: UUID | None = None, anew: bool = False) -> Job:
    """Have a type scanned in the background; the job that is at it already when there is one."""
    with transaction.atomic():
        state, _made = DuplicateScan.objects.get_or_create(workspace_id=workspace.pk, type=type_key)
        running = Job.objects.filter(workspace_id=workspace.pk, pk=state.job_id).first() if state.job_id else None
        if running is not None and not running.is_finished:
            return running
        made = enqueue(scan, workspace=workspace, asked_by=asked_by, type_key=type_key, anew=anew)
        DuplicateScan.objects.filter(workspace_id=workspace.pk, pk=state.pk).update(job_id=made.pk)
    return made


@job(max_attempts=5, priority=-20, name="duplicates.scan")
def scan(job_ctx: JobContext, *, type_key: str, anew: bool = False) -> dict[str, int]:
    """Look for pairs; stopped or killed, the next attempt goes on where this one was."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)

    def watch(done: int, total: int, step: str) -> bool:
        job_ctx.progress(done, total or None, note=step)
        return not job_ctx.should_stop

    with use_workspace(workspace):
        found = scan_type(workspace, type_key, watch, anew=anew and job_ctx.attempt == 1)
    return {"records": found.records, "compared": found.compared, "found": found.found, "noisy": found.noisy}


@every(seconds=7 * 24 * 3600)
@job(max_attempts=1, name="duplicates.scan_all")
def scan_all(job_ctx: JobContext) -> None:
    """Once a week every type of every workspace: what changed since, or all of it the first time."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            for identity in identities():
                start_scan(workspace, identity.type)


# -- merges -----------------------------------------------------------------------------------------------------------


def begin_merge(ctx: Context, two: Two, picks: Mapping[str, str]) -> Merge:
    """Merge now, or in the background when much has to move."""
    merge = prepared(ctx, two, picks)
    if not is_large(ctx, two):
        return carry_out(ctx, merge)
    with transaction.atomic():
        waiting = Merge.objects.filter(workspace_id=ctx.workspace.pk, state=Merge.WAITING, loser_id=merge.loser_id).first()
        if waiting is not None:
            return waiting
        made = enqueue(merge_large, workspace=ctx.workspace, asked_by=ctx.actor_id, key=str(merge.pk), merge=str(merge.pk))
        merge.job_id = made.pk
        merge.save(force_insert=True)
    return merge


def begin_unmerge(ctx: Context, merge: Merge) -> Merge:
    """Take a merge back now, or in the background when much was moved."""
    demand_undo(ctx, merge)
    if not is_large_undo(merge, AT_ONCE):
        return unmerge(ctx, merge)
    with transaction.atomic():
        made = enqueue(unmerge_large, workspace=ctx.workspace, asked_by=ctx.actor_id, key=f"back {merge.pk}", merge=str(merge.pk))
        Merge.objects.filter(workspace_id=ctx.workspace.pk, pk=merge.pk).update(job_id=made.pk)
        merge.job_id = made.pk
    return merge


@job(max_attempts=4, priority=20, name="duplicates.merge")
def merge_large(job_ctx: JobContext, *, merge: str) -> dict[str, object]:
    """Carry a merge out as the person who asked, with their rights of this moment, in one transaction."""
    found = Merge.objects.filter(workspace_id=job_ctx.workspace_id, pk=merge).first()
    if found is None or found.state != Merge.WAITING:
        return {}
    ctx = _who_asked(job_ctx)
    with translation.override(ctx.format.language):
        try:
            return {"moved": sum(carry_out(ctx, found).counts.values())}
        except Conflict:
            raise  # somebody saved one of the rows at this moment: tried again
        except RapportError as wrong:
            Merge.objects.filter(workspace_id=job_ctx.workspace_id, pk=merge).update(
                state=Merge.FAILED, problem=wrong.sentence[:300]
            )
            raise GiveUp(wrong.sentence) from wrong


@job(max_attempts=4, priority=20, name="duplicates.unmerge")
def unmerge_large(job_ctx: JobContext, *, merge: str) -> dict[str, object]:
    """Take a merge back as the person who asked."""
    found = Merge.objects.filter(workspace_id=job_ctx.workspace_id, pk=merge, state=Merge.DONE).first()
    if found is None:
        return {}
    ctx = _who_asked(job_ctx)
    with translation.override(ctx.format.language):
        try:
            unmerge(ctx, found)
        except Conflict:
            raise
        except RapportError as wrong:
            Merge.objects.filter(workspace_id=job_ctx.workspace_id, pk=merge).update(problem=wrong.sentence[:300])
            raise GiveUp(wrong.sentence) from wrong
    return {}


def _who_asked(job_ctx: JobContext) -> Context:
    user = User.objects.select_related("role").filter(pk=job_ctx.asked_by, is_active=True, deleted_at=None).first()
    if user is None:
        raise GiveUp("The person who asked for this may no longer work here.")
    return context_for(user, "web")


@daily(at="03:40")
@job(name="duplicates.settle")
def settle_old_merges(job_ctx: JobContext) -> int:
    """After ninety days a merge stays: what is needed to take it back goes, the pointer to the survivor remains."""
    done = 0
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS)
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            old = Merge.objects.filter(workspace_id=workspace.pk, at__lt=before, settled_at=None)
            for pk in list(old.values_list("pk", flat=True)):
                forget_snapshot(workspace, pk)
                done += 1
    return done


def forget_snapshot(workspace: Workspace, merge_id: UUID) -> None:
    """Drop what is needed to take a merge back, personal data among it."""
    moves = MergeMove.objects.filter(workspace_id=workspace.pk, merge_id=merge_id)
    while ids := list(moves.values_list("pk", flat=True)[:_PORTION]):
        moves.filter(pk__in=ids).delete()
    Merge.objects.filter(workspace_id=workspace.pk, pk=merge_id).update(
        settled_at=dt.datetime.now(dt.UTC), values={}, picks={}, stayed={}
    )
