"""Running an import: batches of lines, each with its checkpoint in one transaction, so that a killed run goes on.

Imported twice, a file makes no doubles: its lines are recognised by the match keys of the mapping or, without any, by
the hash of their cells.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.exports.many_objects import many_objects
from rapport.engines.imports.batch import Counts
from rapport.engines.imports.check import typed
from rapport.engines.imports.choices import make_choices
from rapport.engines.imports.facts import first_look
from rapport.engines.imports.mapping import ImportMapping, auto_mapping, match_keys
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.passes import BATCH, Passes
from rapport.engines.imports.plan import Plan, make_plan
from rapport.engines.imports.prepare import make_custom_fields, make_records
from rapport.engines.imports.reader import open_table
from rapport.engines.imports.rejected import RejectedFile
from rapport.engines.imports.room import room_for_many
from rapport.engines.imports.table import Reading, Table
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.custom.fields import forget_custom_fields
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import new_id


@dataclass
class Progress:
    """How far an import is: which step of how many, bytes read of the file, lines so far."""

    step: int
    steps: int
    type: str
    done_bytes: int
    size: int
    counts: Counts


@dataclass
class Report:
    """What an import did."""

    table: Table
    plans: list[Plan] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    rejected: Path | None = None
    #: Line after which an earlier, broken-off run was taken up again; 0 for a fresh one.
    resumed_after: int = 0
    made_before: int = 0
    stopped: bool = False
    seconds: float = 0.0
    #: Id of the run, by which it can be taken back; None for a dry run.
    run: ImportRun | None = None

    @property
    def total(self) -> Counts:
        """All steps together."""
        found = Counts()
        for one in self.counts:
            found.add(one)
        return found


#: Told after each batch; False stops the import at its checkpoint.
Watch = Callable[[Progress], bool]


@dataclass
class Wish:
    """What is to be imported, and how."""

    path: Path
    type: str = ""
    mapping: ImportMapping | None = None
    match: str = ""
    dry_run: bool = False
    encoding: str = ""
    delimiter: str = ""
    reading: Reading | None = None
    #: The run that was prepared before (in the browser, over the API); its mends are applied.
    run: ImportRun | None = None
    #: Refuse to begin anew: there must be a run of this file that broke off.
    only_resume: bool = False


def import_file(ctx: Context, wish: Wish, watch: Watch | None = None) -> Report:
    """Import a file. Raises Invalid or Refused before anything is written; single lines are rejected into a file."""
    started = time.monotonic()
    table = open_table(wish.path, reading=wish.reading or Reading(wish.encoding, wish.delimiter))
    mapping = wish.mapping or _found(ctx, wish, table)
    for step in typed(mapping, table).steps:
        step.match = match_keys(wish.match) if wish.match else step.match
    report = Report(table)
    with _alone(ctx, table), room_for_many(), many_objects(), _undone(ctx) if wish.dry_run else nullcontext():
        _Run(ctx, wish, table, mapping, report, watch or (lambda progress: True)).go()
    report.seconds = time.monotonic() - started
    return report


def _found(ctx: Context, wish: Wish, table: Table) -> ImportMapping:
    """The mapping that the header suggests, with the days and figures that the file proves."""
    mapping = auto_mapping(ctx, wish.type, table.header)
    facts = first_look(table)
    for step in mapping.steps:
        step.date_order, step.numbers = facts.date_order, facts.numbers
    return mapping


@contextmanager
def _alone(ctx: Context, table: Table) -> Iterator[None]:
    """One run per file and workspace at a time; the lock is the kernel's, so a killed run leaves none behind."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"import-{ctx.workspace.pk}-{table.digest[:16]}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Invalid(
                _("%(path)s is being imported already; wait for that.") % {"path": table.path}, code="busy"
            ) from None
        yield
        Path(file.name).unlink(missing_ok=True)


@contextmanager
def _undone(ctx: Context) -> Iterator[None]:
    """Do everything in one transaction and take it back, custom fields included."""
    version = ctx.workspace.schema_version
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        ctx.workspace.schema_version = version
        forget_custom_fields(ctx.workspace)


class _Run:
    """One import from start to end."""

    def __init__(
        self, ctx: Context, wish: Wish, table: Table, mapping: ImportMapping, report: Report, watch: Watch
    ) -> None:
        self.ctx, self.wish, self.table, self.mapping, self.report, self.watch = ctx, wish, table, mapping, report, watch
        self.digest = _digest(table, mapping)
        self.row: ImportRun | None = None

    def go(self) -> None:
        """Prepare, then the passes over the file."""
        report = self.report
        with unit_of_work(self.ctx):
            report.made_before = make_custom_fields(self.ctx, self.mapping.custom_fields, self.mapping.steps[-1].type)
            report.made_before += make_records(self.ctx, self.mapping.before)
            report.made_before += make_choices(self.ctx, self.mapping.steps)
            # Every plan is checked before the first line is written.
            header, kind = self.table.header, self.table.kind
            report.plans = [make_plan(self.ctx, step, header, file_kind=kind) for step in self.mapping.steps]
        step, after = self._begin()
        report.run = self.row
        self._note("resumed" if report.resumed_after else "started")
        rejected = RejectedFile(self.table, keep_bytes=self.row.rejected_bytes if self.row else 0)
        report.counts = self._counts_so_far()
        ctx = self.ctx if self.row is None else replace(self.ctx, cause_id=self.row.pk)
        passes = Passes(ctx, self.table, report.plans, report.counts, rejected, self.row, self._tell)
        try:
            done = passes.together(after) if self.mapping.together else passes.one_by_one(step, after)
        except KeyboardInterrupt:
            self._end("stopped")
            raise
        report.stopped = not done
        self._end(self._how_it_ended(done))
        report.rejected = rejected.path if rejected.size else None

    def _tell(self, step: int) -> bool:
        counts, plan = self.report.counts[step], self.report.plans[step]
        return self.watch(
            Progress(step + 1, len(self.report.plans), plan.info.key, self.table.bytes_read, self.table.size, counts)
        )

    def _begin(self) -> tuple[int, int]:
        """Take an unfinished run of the same file and mapping up again, or write a new one down."""
        if self.wish.dry_run:
            return 0, 0
        runs = ImportRun.objects.filter(workspace=self.ctx.workspace)
        found = self.wish.run
        if found is None:
            same = runs.filter(digest=self.digest, asked_by=self.ctx.viewer.user_id, state__in=("running", "stopped", "paused"))
            found = same.order_by("-started_at").first()
        if found is not None and found.after_number is not None:
            self.row, self.report.resumed_after = found, found.line
            runs.filter(pk=found.pk).update(state="running")
            return found.step, found.line
        if self.wish.only_resume:
            raise Invalid(_("There is no broken-off import of this file with this plan to go on with."), code="nothing")
        began = {"after_number": _last_number(self.ctx), "digest": self.digest, "state": "running"}
        if found is not None:
            runs.filter(pk=found.pk).update(**began)
            found.after_number = began["after_number"]
            self.row = found
            return 0, 0
        self.row = ImportRun.objects.create(
            workspace=self.ctx.workspace, id=new_id(), type=self.mapping.steps[-1].type,
            file_name=self.table.path.name[:255], mapping=self.mapping.raw, asked_by=self.ctx.viewer.user_id, **began,
        )  # fmt: skip
        return 0, 0

    def _counts_so_far(self) -> list[Counts]:
        kept = self.row.counts.get("steps", []) if self.row is not None else []
        if len(kept) == len(self.report.plans):
            return [Counts(**one) for one in kept]
        return [Counts() for _step in self.report.plans]

    def _how_it_ended(self, done: bool) -> str:
        if done:
            return "done"
        wanted = ImportRun.objects.filter(pk=self.row.pk).values_list("wanted", flat=True).first() if self.row else ""
        return "paused" if wanted == "pause" else "stopped"

    def _note(self, state: str) -> None:
        """An entry of the audit log, for whoever asks later where records came from."""
        if self.row is not None:
            note_quietly(
                self.ctx, "imported", type_key=self.mapping.steps[-1].type, file=self.table.path.name, state=state,
                run=self.row.pk, counts={k: v for k, v in vars(self.report.total).items() if k != "alike"},
            )  # fmt: skip

    def _end(self, state: str) -> None:
        self._note(state)
        if self.row is not None:
            ImportRun.objects.filter(pk=self.row.pk).update(state=state, last_number=_last_number(self.ctx))


def _last_number(ctx: Context) -> int:
    return Workspace.objects.filter(pk=ctx.workspace.pk).values_list("change_number", flat=True)[0]


def _digest(table: Table, mapping: ImportMapping) -> str:
    whole = f"{table.digest} {json.dumps(mapping.raw, sort_keys=True)} {[step.match for step in mapping.steps]}"
    return hashlib.sha256(whole.encode()).hexdigest()


__all__ = ["BATCH", "Progress", "Report", "Watch", "Wish", "import_file"]
