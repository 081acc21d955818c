"""Running an import: batches of lines, each with its checkpoint in one transaction, so that a killed run goes on.

Imported twice, a file makes no doubles: its lines are recognised by the match keys of the mapping or, without any, by
the hash of their cells.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.imports.batch import Batcher, Counts, Row
from rapport.engines.imports.mapping import ImportMapping, auto_mapping, match_keys
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.plan import Plan, make_plan
from rapport.engines.imports.prepare import make_custom_fields, make_records
from rapport.engines.imports.reader import Line, Table, open_table
from rapport.engines.imports.rejected import RejectedFile
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.custom.fields import forget_custom_fields
from rapport.kernel.errors import Invalid, Refused

#: Lines written in one transaction. Measured on SQLite with 40,000 people: 1,000 lines wrote 1.9 GB to the disk, 3,000
#: lines 0.8 GB, because each index page is written once per transaction; more would hold other writers up too long.
BATCH = 2_500


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


def import_file(ctx: Context, wish: Wish, watch: Watch | None = None) -> Report:
    """Import a file. Raises Invalid or Refused before anything is written; single lines are rejected into a file."""
    started = time.monotonic()
    table = open_table(wish.path, encoding=wish.encoding, delimiter=wish.delimiter)
    mapping = wish.mapping or auto_mapping(ctx, wish.type, table.header)
    if wish.match:
        for step in mapping.steps:
            step.match = match_keys(wish.match)
    report = Report(table)
    with _alone(ctx, table), _undone(ctx) if wish.dry_run else nullcontext():
        run = _Run(ctx, wish, table, mapping, report, watch or (lambda progress: True))
        run.go()
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def _alone(ctx: Context, table: Table) -> Iterator[None]:
    """One run per file and workspace at a time; the lock is the kernel's, so a killed run leaves none behind."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"import-{ctx.workspace.pk}-{table.digest[:16]}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Invalid(_("%(path)s is being imported already; wait for that.") % {"path": table.path}) from None
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
        """Prepare, then one pass over the file per step."""
        with unit_of_work(self.ctx):
            report = self.report
            report.made_before = make_custom_fields(self.ctx, self.mapping.custom_fields, self.mapping.steps[-1].type)
            report.made_before += make_records(self.ctx, self.mapping.before)
            # Every plan is checked before the first line is written.
            report.plans = [make_plan(self.ctx, step, self.table.header) for step in self.mapping.steps]
        first_step, after = self._begin()
        self._note("resumed" if self.report.resumed_after else "started")
        rejected = RejectedFile(self.table, keep_bytes=self.row.rejected_bytes if self.row else 0)
        report.counts = [Counts() for _step in self.mapping.steps]
        try:
            for number, plan in enumerate(report.plans):
                if number >= first_step and not report.stopped:
                    self._pass(number, plan, rejected, after if number == first_step else 0)
        except KeyboardInterrupt:
            self._end("stopped")
            raise
        self._end("stopped" if report.stopped else "done")
        report.rejected = rejected.path if rejected.size else None

    def _begin(self) -> tuple[int, int]:
        """Take an unfinished run of the same file and mapping up again, or write a new one down."""
        if self.wish.dry_run:
            return 0, 0
        same = ImportRun.objects.filter(workspace=self.ctx.workspace, digest=self.digest, asked_by=self.ctx.viewer.user_id)
        found = same.exclude(state="done").order_by("-started_at").first()
        if found is not None:
            self.row, self.report.resumed_after = found, found.line
            ImportRun.objects.filter(pk=found.pk).update(state="running")
            return found.step, found.line
        self.row = ImportRun.objects.create(
            workspace=self.ctx.workspace, type=self.mapping.steps[-1].type, file_name=self.table.path.name[:255],
            digest=self.digest, mapping=self.mapping.raw, asked_by=self.ctx.viewer.user_id,
        )  # fmt: skip
        return 0, 0

    def _pass(self, number: int, plan: Plan, rejected: RejectedFile, after: int) -> None:
        batcher = Batcher(self.ctx, plan)
        counts = self.report.counts[number]
        for lines in _batches(self.table, after):
            rows = self._batch(batcher, lines, number, rejected, counts)
            del rows
            progress = Progress(
                number + 1, len(self.report.plans), plan.info.key, self.table.bytes_read, self.table.size, counts
            )
            if not self.watch(progress):
                self.report.stopped = True
                return

    def _batch(
        self, batcher: Batcher, lines: Sequence[Line], number: int, rejected: RejectedFile, counts: Counts
    ) -> list[Row]:
        """Write one batch with its checkpoint; when the whole of it is refused, find the lines one by one."""
        note = f"{batcher.info.label}: " if len(self.report.plans) > 1 else ""
        size = rejected.size
        try:
            with unit_of_work(self.ctx):
                rows = batcher.read(lines)
                made = batcher.write(rows)
                rejected.add(rows, note)
                self._checkpoint(number, lines[-1].number, counts, made, rejected)
        except Refused:
            batcher = _fresh(batcher)
            rejected.size = size
            with unit_of_work(self.ctx):
                rows = batcher.read(lines)
            made = batcher.write_one_by_one(rows)
            with unit_of_work(self.ctx):
                rejected.add(rows, note)
                self._checkpoint(number, lines[-1].number, counts, made, rejected)
        counts.add(made)
        return rows

    def _checkpoint(self, step: int, line: int, counts: Counts, made: Counts, rejected: RejectedFile) -> None:
        if self.row is not None:
            so_far = Counts(**vars(counts))
            so_far.add(made)
            ImportRun.objects.filter(pk=self.row.pk).update(
                step=step, line=line, counts=vars(so_far), rejected_bytes=rejected.size
            )

    def _note(self, state: str) -> None:
        """An entry of the audit log, for whoever asks later where records came from."""
        if self.row is not None:
            note_quietly(
                self.ctx, "imported", type_key=self.mapping.steps[-1].type, file=self.table.path.name, state=state,
                run=self.row.pk, counts=vars(self.report.total),
            )  # fmt: skip

    def _end(self, state: str) -> None:
        self._note(state)
        if self.row is not None:
            ImportRun.objects.filter(pk=self.row.pk).update(state=state)


def _fresh(batcher: Batcher) -> Batcher:
    """A batcher that remembers nothing of a transaction that was rolled back."""
    batcher.ctx.memory.pop("cleaning", None)
    return Batcher(batcher.ctx, batcher.plan)


def _batches(table: Table, after: int) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in table.lines():
        if line.number <= after:
            continue
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _digest(table: Table, mapping: ImportMapping) -> str:
    whole = f"{table.digest} {json.dumps(mapping.raw, sort_keys=True)} {[step.match for step in mapping.steps]}"
    return hashlib.sha256(whole.encode()).hexdigest()
