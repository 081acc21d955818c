"""The passes over a file: each batch of lines in one transaction with its checkpoint.

Steps go one after the other over the whole file (the companies first, then which belongs to which), or together: every
batch through all steps, so that the records of one line can be linked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from rapport.engines.imports.batch import Batcher, Counts, Row
from rapport.engines.imports.mends import with_mends
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.plan import Plan
from rapport.engines.imports.references import Coming
from rapport.engines.imports.rejected import RejectedFile
from rapport.engines.imports.table import Line, Table
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.errors import RapportError, Refused

#: Lines written in one transaction. Measured on SQLite with 40,000 people: 1,000 lines wrote 1.9 GB to the disk, 3,000
#: lines 0.8 GB, because each index page is written once per transaction; more would hold other writers up too long.
BATCH = 2_500
_RENEWED_AFTER = 20

Made = dict[int, dict[str, UUID]]


class Passes:
    """Writes the lines of a table by the plans of a mapping."""

    def __init__(
        self, ctx: Context, table: Table, plans: list[Plan], counts: list[Counts], rejected: RejectedFile,
        run: ImportRun | None, tell: Callable[[int], bool],
    ) -> None:  # fmt: skip
        self.ctx, self.table, self.plans, self.counts = ctx, table, plans, counts
        self.rejected, self.run, self.tell = rejected, run, tell
        self.batches = 0

    def one_by_one(self, first_step: int, after: int) -> bool:
        """A pass per step; False when it was stopped."""
        for number, plan in enumerate(self.plans):
            if number < first_step:
                continue
            batchers = [Batcher(self.ctx, plan)]
            for lines in batches(self.table, after if number == first_step else 0):
                self._batch(batchers, lines, number)
                if not self.tell(number):
                    return False
        return True

    def together(self, after: int) -> bool:
        """One pass, every batch through all steps; False when it was stopped."""
        batchers = [Batcher(self.ctx, plan) for plan in self.plans]
        for lines in batches(self.table, after):
            self._batch(batchers, lines, 0)
            if not self.tell(len(self.plans) - 1):
                return False
        return True

    def _batch(self, batchers: list[Batcher], lines: Sequence[Line], step: int) -> None:
        """Write one batch with its checkpoint; when the whole of it is refused, find the lines one by one."""
        size = self.rejected.size
        last = lines[-1].number
        try:
            with unit_of_work(self.ctx):
                made = self._through(batchers, with_mends(self.run, lines))
                self._checkpoint(step, last, made)
        except Refused:
            self.ctx.memory.pop("cleaning", None)
            batchers[:] = [Batcher(self.ctx, one.plan) for one in batchers]
            self.rejected.size = size
            made = [Counts() for _one in batchers]
            for line in with_mends(self.run, lines):
                for total, one in zip(made, self._alone(batchers, line), strict=True):
                    total.add(one)
            with unit_of_work(self.ctx):
                self._checkpoint(step, last, made)
        for at, one in enumerate(made):
            self.counts[step + at].add(one)
        self.batches += 1
        if self.batches % _RENEWED_AFTER == 0:
            # The resolver remembers every record that was written; a million of them must not stay in memory.
            self.ctx.memory.pop("cleaning", None)
            for batcher in batchers:
                batcher.cleaning = self.ctx.cleaning()

    def _alone(self, batchers: list[Batcher], line: Line) -> list[Counts]:
        """One line in a transaction of its own, which takes all its records back when one is refused."""
        try:
            with unit_of_work(self.ctx):
                return self._through(batchers, [line])
        except RapportError as wrong:
            self.ctx.memory.pop("cleaning", None)
            batchers[:] = [Batcher(self.ctx, one.plan) for one in batchers]
            row = Row(line)
            row.refuse("", wrong.sentence)
            self.rejected.add([row])
            return [Counts(rejected=1), *(Counts() for _one in batchers[1:])]

    def _through(self, batchers: list[Batcher], lines: Sequence[Line]) -> list[Counts]:
        """The lines through every step, and what could not be taken into the file of rejected lines."""
        counts, rows = through(batchers, lines)
        note = batchers[0].info.label if len(self.plans) > 1 and len(batchers) == 1 else ""
        self.rejected.add(rows[0], f"{note}: " if note else "")
        return counts

    def _checkpoint(self, step: int, line: int, made: Sequence[Counts]) -> None:
        if self.run is None:
            return
        steps = [Counts(**vars(one)) for one in self.counts]
        for at, one in enumerate(made):
            steps[step + at].add(one)
        total = Counts()
        for one in steps:
            total.add(one)
        ImportRun.objects.filter(pk=self.run.pk).update(
            step=step, line=line, counts={**vars(total), "steps": [vars(one) for one in steps]},
            rejected_bytes=self.rejected.size,
        )  # fmt: skip


def through(
    batchers: Sequence[Batcher], lines: Sequence[Line], *, coming: Coming | None = None
) -> tuple[list[Counts], list[list[Row]]]:
    """Take lines through the steps: a line that one step cannot read is left out of all. Returns the counts of each step
    and its rows; those of the first step say everything that is wrong with their lines. With `coming` everything is
    checked and nothing kept; the batchers are those of the check then."""
    read = [batcher.read_values(lines) for batcher in batchers]
    whole = read[0]
    for rows in read[1:]:
        for first, row in zip(whole, rows, strict=True):
            if row.wrong and row.line.wrong == "":
                first.wrong = f"{first.wrong} {row.wrong}".strip()
                first.reasons += row.reasons
    made: Made = {}
    counts: list[Counts] = []
    for batcher, rows in zip(batchers, read, strict=True):
        for first, row in zip(whole, rows, strict=True):
            row.wrong = row.wrong or first.wrong
        if batcher.plan.step.links:
            batcher.link(rows, made)
        before = {id(row) for row in rows if row.wrong}
        counts.append(batcher.write(batcher.keyed(rows), only_check=coming is not None))
        _gather(batcher, rows, made, coming)
        for first, row in zip(whole, rows, strict=True):
            if row is not first and row.wrong and id(row) not in before:
                first.refuse("", row.wrong)
                first.reasons[-1:] = row.reasons or first.reasons[-1:]
    rejected = sum(1 for row in whole if row.wrong)
    for at, one in enumerate(counts):
        one.rejected = rejected if at == 0 else 0
    return counts, read


def _gather(batcher: Batcher, rows: Sequence[Row], made: Made, coming: Coming | None) -> None:
    """Note what the lines became, for the links of later steps and for references of later lines."""
    shape = batcher.plan.step.shape
    title = batcher.info.declared.title
    for row in rows:
        if row.wrong or row.is_bare:
            continue
        if coming is not None:
            coming.add(batcher.info, row.values.get(title))
            if row.pk is None and batcher.plan.step.mode != "update":
                row.pk = coming.stand_in(batcher.ctx, batcher.info)
        if shape and row.pk is not None:
            made.setdefault(row.line.number, {})[shape] = row.pk


def batches(table: Table, after: int) -> Iterator[list[Line]]:
    """The lines below line `after`, so many at a time."""
    lines = (line for line in table.lines() if line.number > after)
    while batch := list(islice(lines, BATCH)):
        yield batch


__all__ = ["BATCH", "Passes", "batches", "through"]
