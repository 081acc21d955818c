"""Importing in the background: the same run as a job, with progress and a way to stop it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from django.conf import settings

from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.run import Progress, Wish, import_file
from rapport.kernel.access.models import User
from rapport.kernel.context import context_for
from rapport.kernel.errors import RapportError
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import GiveUp, job


@job(max_attempts=3)
def import_in_background(
    job_ctx: JobContext, *, path: str, type_key: str = "", mapping: dict[str, object] | None = None, match: str = "",
    encoding: str = "", delimiter: str = "",
) -> dict[str, object]:  # fmt: skip
    """Import a file that lies in the data folder, as the user who asked. Stopped or killed, it goes on where it was."""
    file = Path(path).resolve()
    if not file.is_relative_to(Path(settings.DATA).resolve()):
        raise GiveUp("Only files in the data folder are imported by a job.")
    user = User.objects.select_related("role").filter(pk=job_ctx.asked_by, is_active=True, deleted_at=None).first()
    if user is None:
        raise GiveUp("The user who asked for this import may no longer work here.")

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
