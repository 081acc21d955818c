"""Importing in the background: check, run and revert as jobs, with progress, and a way to pause and stop them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.utils import translation

from rapport.engines.imports.check import Check
from rapport.engines.imports.foreseeing import foresee
from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.engines.imports.reverting import revert
from rapport.engines.imports.run import Progress, Wish, import_file
from rapport.engines.imports.session import BUSY, path_of, remove_file, table_of
from rapport.engines.imports.table import Reading
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import User
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import RapportError
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import daily
from rapport.kernel.jobs.tasks import GiveUp, job

#: How long the files of imports are kept: long enough to mend what was rejected.
KEPT = dt.timedelta(days=30)
_AT_ONCE = 500


@job(max_attempts=3)
def import_in_background(
    job_ctx: JobContext, *, path: str, type_key: str = "", mapping: dict[str, object] | None = None, match: str = "",
    encoding: str = "", delimiter: str = "",
) -> dict[str, object]:  # fmt: skip
    """Import a file that lies in the data folder, as the user who asked. Stopped or killed, it goes on where it was."""
    file = Path(path).resolve()
    if not file.is_relative_to(Path(settings.DATA).resolve()):
        raise GiveUp("Only files in the data folder are imported by a job.")
    user = _asker(job_ctx)

    def watch(progress: Progress) -> bool:
        job_ctx.progress(progress.done_bytes, progress.size, f"{progress.type} {progress.step}/{progress.steps}")
        return not job_ctx.should_stop

    wish = Wish(
        file, type=type_key, mapping=mapping_of(mapping) if mapping else None, match=match, encoding=encoding,
        delimiter=delimiter,
    )  # fmt: skip
    try:
        report = import_file(context_for(user, "import"), wish, watch)
    except RapportError as wrong:
        raise GiveUp(wrong.sentence) from wrong
    return {"counts": asdict(report.total), "rejected": str(report.rejected or ""), "notes": report.table.notes}


@job(max_attempts=10, priority=10, name="imports.check")
def check_import(job_ctx: JobContext, *, run: str) -> dict[str, object]:
    """Check the whole file of an import; nothing is written but what was found."""
    with _at_work(job_ctx, run) as (ctx, found):
        table = table_of(found)
        check = Check(ctx, found, table)

        def watch(_checked: object) -> bool:
            job_ctx.progress(table.bytes_read, table.size)
            return not job_ctx.should_stop

        if check.go(watch):
            ImportRun.objects.filter(pk=found.pk, state="checking").update(state="ready")
        elif job_ctx.stop_requested:
            ImportRun.objects.filter(pk=found.pk, state="checking").update(state="draft")
    return {}


@job(max_attempts=10, priority=10, name="imports.run")
def run_import(job_ctx: JobContext, *, run: str) -> dict[str, object]:
    """Import the file, batch by batch; paused, stopped or killed, it goes on after the last one that was written."""
    with _at_work(job_ctx, run) as (ctx, found):

        def watch(progress: Progress) -> bool:
            job_ctx.progress(progress.done_bytes, progress.size)
            return not job_ctx.should_stop

        wish = Wish(path_of(found), mapping=mapping_of(found.mapping), reading=Reading.of(found.reading), run=found)
        report = import_file(ctx, wish, watch)
        if not report.stopped:
            ImportRun.objects.filter(pk=found.pk).update(finished_at=dt.datetime.now(dt.UTC))
        return {"counts": asdict(report.total)}


@job(max_attempts=10, priority=10, name="imports.revert")
def revert_import(job_ctx: JobContext, *, run: str) -> dict[str, object]:
    """Take an import back, portion by portion, newest first."""
    with _at_work(job_ctx, run) as (ctx, found):

        def watch(one: ImportRun) -> bool:
            total = sum(found.counts.get(key, 0) for key in ("created", "changed", "extra"))
            job_ctx.progress(int(one.revert["done"]), total)
            return not job_ctx.should_stop

        if not revert(ctx, found, watch) and job_ctx.stop_requested:
            ImportRun.objects.filter(pk=found.pk).update(state="stopped")
        return {"revert": found.revert.get("deleted", 0)}


@job(max_attempts=10, priority=10, name="imports.foresee")
def foresee_revert(job_ctx: JobContext, *, run: str) -> dict[str, object]:
    """See what taking an import back would do; nothing is written but what was found."""
    with _at_work(job_ctx, run) as (ctx, found):
        total = sum(found.counts.get(key, 0) for key in ("created", "changed", "extra"))

        def watch(done: int) -> bool:
            job_ctx.progress(min(done, total), total)
            return not job_ctx.should_stop

        if foresee(ctx, found, watch) or job_ctx.stop_requested:
            ImportRun.objects.filter(pk=found.pk, state="foreseeing").update(state=found.revert["was"])
        return {}


@contextmanager
def _at_work(job_ctx: JobContext, run: str) -> Iterator[tuple[Context, ImportRun]]:
    """The run, as the person who asked; what goes wrong with a sentence stands on the run."""
    user = _asker(job_ctx)
    found = ImportRun.objects.filter(workspace_id=job_ctx.workspace_id, pk=run, asked_by=job_ctx.asked_by).first()
    if found is None or found.state not in (*BUSY, "paused", "stopped"):
        raise GiveUp("There is no such import any more.")
    ctx = context_for(user, "import")
    with translation.override(ctx.format.language):
        try:
            yield ctx, found
        except RapportError as wrong:
            state = found.revert["was"] if found.state == "foreseeing" else "failed"
            ImportRun.objects.filter(pk=found.pk).update(state=state, error=wrong.sentence)
            raise GiveUp(wrong.sentence) from wrong


def _asker(job_ctx: JobContext) -> User:
    user = User.objects.select_related("role").filter(pk=job_ctx.asked_by, is_active=True, deleted_at=None).first()
    if user is None:
        raise GiveUp("The user who asked for this import may no longer work here.")
    return user


@daily(at="03:50")
@job(max_attempts=1, name="imports.remove_old_files")
def remove_old_files(job_ctx: JobContext) -> int:
    """Once a night: files of imports that are a month old, and the lines that were kept for mending."""
    del job_ctx
    before = dt.datetime.now(dt.UTC) - KEPT
    with unscoped("old files of imports are removed in every workspace"):
        old = list(
            ImportRun.objects.filter(changed_at__lt=before).exclude(stored="").exclude(state__in=BUSY)
            .values_list("workspace_id", "pk")[:_AT_ONCE]
        )  # fmt: skip
    for workspace_id, pk in old:
        with use_workspace(workspace_id):
            run = ImportRun.objects.get(workspace_id=workspace_id, pk=pk)
            remove_file(run)
            ImportRow.objects.filter(workspace_id=workspace_id, run_id=pk).delete()
            ImportRun.objects.filter(workspace_id=workspace_id, pk=pk).update(stored="")
    return len(old)
