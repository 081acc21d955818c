"""An import from upload to result, as the browser and the API go through it: one file, one plan, one run.

Everything here asks for the rights of the viewer; a run of somebody else is not there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.imports.check import typed
from rapport.engines.imports.compose import assigned_of, compose, settings_of, usual_settings
from rapport.engines.imports.facts import Column, Facts, first_look
from rapport.engines.imports.foreseeing import prepare_foresee
from rapport.engines.imports.guess import chosen_shapes, is_target, suggest
from rapport.engines.imports.mapping import mapping_of
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.engines.imports.plan import make_plan
from rapport.engines.imports.presets import preset_for
from rapport.engines.imports.reader import open_table
from rapport.engines.imports.rejected import rejected_path
from rapport.engines.imports.reverting import prepare_revert
from rapport.engines.imports.shapes import any_shape, shapes_for
from rapport.engines.imports.table import Reading, Table
from rapport.kernel.errors import Conflict, Gone, Invalid, Refused
from rapport.kernel.ids import as_id, new_id
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import request_stop
from rapport.kernel.jobs.tasks import enqueue

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Largest file that is taken in.
LARGEST = 1 << 30
BUSY = ("checking", "running", "reverting", "foreseeing")
_SAFE = re.compile(r"[^\w.\- ()]+")
_HISTORY = 50


def may_import(ctx: Context) -> bool:
    """Whether there is anything that this viewer may import."""
    return not ctx.viewer.preview_of and any_shape(ctx)


def take_in(ctx: Context, name: str, chunks: Iterable[bytes]) -> ImportRun:
    """Keep a file and have a first look at it. Raises Refused without any right to import, Invalid for a file that
    cannot be read; nothing of it stays then."""
    if not may_import(ctx):
        raise Refused(_("Your role does not allow you to import anything."))
    pk = new_id()
    folder = _root() / str(ctx.workspace.pk) / str(pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / (_SAFE.sub("_", Path(name).name).strip(". ")[-100:] or "file.csv")
    try:
        size = 0
        with path.open("xb") as out:
            path.chmod(0o600)
            for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise Invalid(
                        _("This file is larger than %(most)d MB; split it, or use the command line.") % {"most": LARGEST >> 20},
                        code="too_large", field="file",
                    )  # fmt: skip
                out.write(chunk)
        run = ImportRun(
            workspace_id=ctx.workspace.pk, id=pk, file_name=Path(name).name[:255], asked_by=ctx.viewer.user_id, state="draft",
            stored=str(path.relative_to(Path(settings.DATA))),
        )  # fmt: skip
        _look(ctx, run, Reading())
        run.save(force_insert=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return run


def _root() -> Path:
    return Path(settings.DATA) / "imports"


def path_of(run: ImportRun) -> Path:
    """Where the file of a run lies; raises Gone when it is no longer kept."""
    path = (Path(settings.DATA) / run.stored).resolve() if run.stored else None
    if path is None or not path.is_relative_to(_root().resolve()) or not path.is_file():
        raise Gone(_("The file of this import is no longer kept; upload it again."))
    return path


def table_of(run: ImportRun) -> Table:
    """The file of a run, opened as it is to be read."""
    return open_table(path_of(run), reading=Reading.of(run.reading))


def read_as(ctx: Context, run: ImportRun, reading: Reading) -> None:
    """Read the file in another way; the columns are found anew."""
    demand_idle(run, before_run=True)
    _look(ctx, run, reading)
    run.state = "draft"
    ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk).delete()
    run.save()


def _look(ctx: Context, run: ImportRun, reading: Reading) -> None:
    path = Path(settings.DATA) / run.stored
    table = open_table(path, reading=reading)
    facts = first_look(table)
    run.reading, run.digest = reading.as_json(), table.digest
    run.header_digest = hashlib.sha256("\x1f".join(table.header).encode()).hexdigest()
    shapes = shapes_for(ctx)
    memory = last_time(ctx, run)
    if memory and not all(is_target(ctx, shapes, target) for target in assigned_of(memory.mapping).values()):
        memory = None  # somebody with other rights made it
    found = suggest(ctx, facts.columns, shapes, assigned_of(memory.mapping) if memory else None)
    preset = preset_for(table.header)
    run.facts = {
        "kind": table.kind, "encoding": table.encoding, "delimiter": table.delimiter, "has_header": table.has_header,
        "sheets": table.sheets, "sheet": table.sheet, "notes": table.notes, "header": table.header, "about": facts.about,
        "date_order": facts.date_order, "numbers": facts.numbers, "open_date": facts.is_date_open,
        "columns": [one.as_json() for one in facts.columns], "by": {name: one.by for name, one in found.items()},
        "preset": preset.label if preset else "", "size": table.size,
    }  # fmt: skip
    assigned = {name: one.target for name, one in found.items()}
    set_before = usual_settings(facts, chosen_shapes(assigned))
    if memory:
        for key, one in settings_of(memory.mapping).items():
            set_before[key] = {**one, **set_before.get(key, {})}
    run.mapping = compose(ctx, assigned, shapes, set_before)
    run.type, run.checked = _type(run.mapping), {}


def _type(mapping: Mapping[str, object]) -> str:
    steps = mapping.get("steps")
    return str(steps[-1].get("as", ""))[:40] if isinstance(steps, list) and steps else str(mapping.get("as", ""))[:40]


def last_time(ctx: Context, run: ImportRun) -> ImportRun | None:
    """The last import of this workspace with the same columns that came to an end; what of its mapping the viewer may not
    set is not taken over."""
    runs = ImportRun.objects.filter(workspace_id=ctx.workspace.pk, header_digest=run.header_digest)
    return runs.filter(state__in=("done", "reverted")).exclude(pk=run.pk).order_by("-started_at").first()


def facts_of(run: ImportRun) -> Facts:
    """The first look as it is kept."""
    columns = [Column(one["name"], one["samples"], one["filled"]) for one in run.facts.get("columns", [])]
    return Facts(columns, run.facts.get("about", 0), run.facts.get("date_order", ""), run.facts.get("numbers", ""))


def assign(ctx: Context, run: ImportRun, assigned: Mapping[str, str], set_: Mapping[str, Mapping[str, object]]) -> None:
    """Say what the columns mean, as "shape:field", and how each shape is matched and written."""
    set_plan(ctx, run, compose(ctx, assigned, shapes_for(ctx), set_))


def set_plan(ctx: Context, run: ImportRun, mapping: dict[str, object]) -> None:
    """Give the run a whole plan (a mapping as docs/import.md has it). Raises Invalid or Refused for one that cannot work."""
    demand_idle(run, before_run=True)
    demand_plan(ctx, mapping, table_of(run))
    run.mapping, run.type, run.checked, run.state = mapping, _type(mapping), {}, "draft"
    run.save(update_fields=["mapping", "type", "checked", "state", "changed_at"])


def demand_plan(ctx: Context, mapping: dict[str, object], table: Table) -> None:
    """Raise unless a mapping fits the file and everything in it is the viewer's to import."""
    if not mapping.get("steps", True):
        raise Invalid(_("Say for at least one column what it means."), code="nothing_mapped")
    for step in typed(mapping_of(mapping), table).steps:
        make_plan(ctx, step, table.header)


def find(ctx: Context, run_id: object) -> ImportRun:
    """A run of this very person."""
    pk = as_id(str(run_id))
    found = ImportRun.objects.filter(workspace_id=ctx.workspace.pk, pk=pk, asked_by=ctx.viewer.user_id).first() if pk else None
    if found is None:
        raise Gone(_("There is no such import of yours."))
    return _settled(ctx, found)


def history(ctx: Context) -> list[ImportRun]:
    """The latest imports of this person."""
    runs = ImportRun.objects.filter(workspace_id=ctx.workspace.pk, asked_by=ctx.viewer.user_id)
    return list(runs.order_by("-started_at")[:_HISTORY])


def _settled(ctx: Context, run: ImportRun) -> ImportRun:
    """A run whose job ended without a word (stopped before it began, out of attempts) is not at work any more."""
    if run.state not in BUSY or run.job_id is None:
        return run
    job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=run.job_id).first()
    if job is None or job.is_finished:
        run.refresh_from_db()
        if run.state in BUSY:
            failed = job is not None and job.status == Job.Status.FAILED
            ended = {"checking": "draft", "running": "paused" if run.wanted == "pause" else "stopped", "reverting": "stopped",
                     "foreseeing": str(run.revert.get("was", "stopped"))}  # fmt: skip
            failed = failed and run.state != "foreseeing"
            run.state = "failed" if failed else ended[run.state]
            run.error = run.error or (_("It broke off unexpectedly; start it again.") if failed else "")
            run.save(update_fields=["state", "error", "changed_at"])
    return run


def demand_idle(run: ImportRun, *, before_run: bool = False) -> None:
    """Raise Conflict while a job is at work on the run, or when it is too late to change what it does."""
    if run.state in BUSY:
        raise Conflict(_("This import is being worked on; wait, or stop it."))
    if before_run and run.after_number is not None:
        raise Conflict(_("This import has begun; upload the file again to import it in another way."))


def start(ctx: Context, run: ImportRun, what: str, *, force: bool = False) -> ImportRun:
    """Have a job "check", "run", "revert" or "foresee" the import (what a revert would do). Raises Conflict when that is
    not its turn."""
    demand_idle(run, before_run=what == "check")
    if what == "revert":
        prepare_revert(ctx, run, force=force)
    elif what == "foresee":
        prepare_foresee(ctx, run)
    else:
        demand_plan(ctx, run.mapping, table_of(run))
        if what == "run" and run.state in ("done", "reverted"):
            raise Conflict(_("This import is over; upload the file again to import it once more."))
    state = {"check": "checking", "run": "running", "revert": "reverting", "foresee": "foreseeing"}[what]
    with transaction.atomic():
        job = enqueue(f"imports.{what}", workspace=ctx.workspace, asked_by=ctx.viewer.user_id, run=str(run.pk))
        run.state, run.wanted, run.error, run.job_id = state, "", "", job.pk
        run.save(update_fields=["state", "wanted", "error", "job_id", "revert", "revert_number", "changed_at"])
    return run


def halt(ctx: Context, run: ImportRun, wanted: str) -> ImportRun:
    """Pause or stop what is at work, after the batch in hand; what is written stays."""
    if run.state not in BUSY:
        raise Conflict(_("Nothing is at work on this import."))
    ImportRun.objects.filter(pk=run.pk).update(wanted=wanted)
    run.wanted = wanted
    job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=run.job_id).first()
    if job is not None:
        request_stop(job)
    return _settled(ctx, run)


def progress_of(ctx: Context, run: ImportRun) -> tuple[int, int]:
    """How far the job is: done, of how many (0 when nobody knows)."""
    job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=run.job_id).first() if run.job_id else None
    return (job.progress_done, job.progress_total or 0) if job is not None else (0, 0)


def rejected_file(run: ImportRun) -> Path | None:
    """The file of lines that could not be taken, if there is one."""
    path = rejected_path(Path(settings.DATA) / run.stored) if run.stored else None
    return path if path is not None and run.rejected_bytes and path.is_file() else None


def again(ctx: Context, run: ImportRun) -> ImportRun:
    """A new import of the lines that could not be taken, with the same plan, to be mended on the page."""
    path = rejected_file(run)
    if path is None:
        raise Gone(_("This import has no rejected lines that are still kept."))
    with path.open("rb") as file:
        made = take_in(ctx, path.name, iter(lambda: file.read(1 << 20), b""))
    set_plan(ctx, made, run.mapping)
    return made


def forget(ctx: Context, run: ImportRun) -> None:
    """Throw a draft away, file and all."""
    demand_idle(run, before_run=True)
    del ctx
    remove_file(run)
    ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk).delete()
    # Its lines are gone already; Django would look for them once more, in every workspace.
    runs = ImportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk)
    runs._raw_delete(runs.db)


def remove_file(run: ImportRun) -> None:
    """Remove the file of a run and what lies beside it."""
    if run.stored:
        shutil.rmtree((Path(settings.DATA) / run.stored).parent, ignore_errors=True)
