"""Checking a whole file before anything is written: what it would make, every line with a problem, names unknown here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from rapport.engines.imports.batch import Counts, Row
from rapport.engines.imports.choices import expect_choices
from rapport.engines.imports.mapping import ImportMapping, mapping_of
from rapport.engines.imports.mends import MOST, Mended, column_of, keep_problems, mended, with_mends
from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.engines.imports.passes import batches, through
from rapport.engines.imports.plan import Plan, make_plan
from rapport.engines.imports.references import Coming
from rapport.engines.imports.table import Line, Table
from rapport.engines.imports.trial import RealComing, Seen, TryingBatcher, needs_trial, taken_back
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Rows shown as they would be written, and unknown names shown per field.
PREVIEWED, MOST_UNKNOWN = 10, 100


@dataclass
class Checked:
    """What a check found so far."""

    lines: int = 0
    counts: list[Counts] = field(default_factory=list)
    problems: int = 0
    kept: int = 0
    unknown: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    preview: list[dict[str, object]] = field(default_factory=list)


class Check:
    """One walk over the file without writing a record."""

    def __init__(self, ctx: Context, run: ImportRun, table: Table) -> None:
        self.ctx, self.run, self.table = ctx, run, table
        self.mapping = typed(mapping_of(run.mapping), table)
        expect_choices(ctx, self.mapping.steps)
        self.plans = [make_plan(ctx, step, table.header, file_kind=table.kind) for step in self.mapping.steps]
        #: Some questions are only answered by a row that is written; see `trial`.
        self.tries = any(needs_trial(ctx, plan.info) for plan in self.plans)
        self.coming = _coming(self.mapping, tries=self.tries)
        self.seen = Seen()
        self.batchers = self._batchers()
        self.found = Checked(counts=[Counts() for _plan in self.plans])

    def go(self, watch: Callable[[Checked], bool]) -> bool:
        """Walk the file; False when it was stopped. What was found stands on the run afterwards."""
        rows = ImportRow.objects.filter(workspace_id=self.run.workspace_id, run_id=self.run.pk)
        rows.filter(mends={}, is_left_out=False).delete()
        rows.update(is_open=False)
        for lines in batches(self.table, 0):
            self._batch(lines)
            if not watch(self.found):
                return False
        ImportRun.objects.filter(pk=self.run.pk).update(
            checked=self.as_json(), problems=open_rows(self.run) + self.found.problems - self.found.kept
        )
        return True

    def _batch(self, lines: Sequence[Line]) -> None:
        found = self.found
        found.lines += len(lines)
        made, read = self._through(with_mends(self.run, lines))
        for total, one in zip(found.counts, made, strict=True):
            total.add(one)
        wrong = [row for row in read[0] if row.wrong]
        found.problems += len(wrong)
        found.kept += keep_problems(self.run, ((row, self.reasons(row)) for row in wrong), room=MOST - found.kept)
        for number, batcher in enumerate(self.batchers):
            for (key, text), count in batcher.unknown.items():
                found.unknown[number, key, text] += count
            batcher.unknown.clear()
        if len(found.preview) < PREVIEWED:
            self._show(read)

    def _batchers(self) -> list[TryingBatcher]:
        return [TryingBatcher(self.ctx, plan, self.coming, self.seen, tries=self.tries) for plan in self.plans]

    def _through(self, lines: Sequence[Line]) -> tuple[list[Counts], list[list[Row]]]:
        self.seen.begin()
        try:
            found = self._tried(lines) if self.tries else self._steps(lines)
            self.seen.keep()
            return found
        except Refused as wrong:
            if not self.tries:
                raise
            if len(lines) > 1:
                # As the run does: whoever is refused must not take the others along.
                return _joined(self._through(lines[: len(lines) // 2]), self._through(lines[len(lines) // 2 :]))
            row = Row(lines[0])
            row.refuse("", wrong.sentence)
            rest = [[Row(lines[0], is_bare=True)] for _plan in self.plans[1:]]
            return [Counts(rejected=1), *(Counts() for _one in rest)], [[row], *rest]

    def _tried(self, lines: Sequence[Line]) -> tuple[list[Counts], list[list[Row]]]:
        """Write the batch and take it back: what would be refused once it stands shows now."""
        if isinstance(self.coming, RealComing):
            self.coming.begin()
        self.batchers = self._batchers()
        with taken_back(self.ctx):
            return self._steps(lines)

    def _steps(self, lines: Sequence[Line]) -> tuple[list[Counts], list[list[Row]]]:
        if self.mapping.together:
            return through(self.batchers, lines, coming=self.coming)
        # Step by step each batch is seen as if the earlier steps had been written: what they make is on its way.
        counts, read = [], []
        for batcher in self.batchers:
            own = [Line(line.number, list(line.cells), line.wrong) for line in lines]
            made, rows = through([batcher], own, coming=self.coming)
            counts += made
            read += rows
        for rows in read[1:]:
            for first, row in zip(read[0], rows, strict=True):
                if row.wrong and not first.wrong:
                    first.wrong, first.reasons = row.wrong, row.reasons
        return counts, read

    def _show(self, read: Sequence[Sequence[Row]]) -> None:
        """The first rows as they would be written."""
        for at in range(len(read[0])):
            if len(self.found.preview) == PREVIEWED:
                return
            if read[0][at].wrong:
                continue
            rows = [rows[at] for rows in read]
            cells = [self._shown(plan, row) for plan, row in zip(self.plans, rows, strict=True)]
            verbs = [row.verb for row in rows]
            self.found.preview.append({"line": rows[0].line.number, "cells": cells, "verbs": verbs})

    def _shown(self, plan: Plan, row: Row) -> dict[str, str]:
        if row.is_bare:
            return {}
        return {
            key: str(source.field.kind.text(row.values[key], self.ctx.format))[:200] if not source.field.to else
            str(source.raw(row.line.cells))[:200]
            for key, source in plan.sources.items()
            if key in row.values
        }  # fmt: skip

    def reasons(self, row: Row) -> list[tuple[str, str]]:
        """What is wrong with a row, by the columns of the file."""
        found: dict[tuple[str, str], None] = {}
        for key, sentence in row.reasons or [("", row.wrong)]:
            column = next((name for plan in self.plans if (name := column_of(plan, self.table.header, key))), "")
            found[column, sentence] = None
        if row.line.wrong:
            found["", row.line.wrong] = None
        return list(found)

    def as_json(self) -> dict[str, object]:
        """For keeping on the run."""
        found = self.found
        total = Counts()
        for one in found.counts:
            total.add(one)
        unknown: dict[tuple[int, str], list[list[object]]] = {}
        for (number, key, text), count in found.unknown.most_common():
            some = unknown.setdefault((number, key), [])
            if len(some) < MOST_UNKNOWN:
                some.append([text, count])
        return {
            "lines": found.lines, "problems": found.problems, "kept": found.kept, **vars(total),
            "steps": [vars(one) for one in found.counts], "preview": found.preview,
            "columns": [
                [number, key, str(source.field.label)]
                for number, plan in enumerate(self.plans)
                for key, source in plan.sources.items()
            ],
            "unknown": [
                {"step": number, "field": key, "texts": texts} for (number, key), texts in unknown.items()
            ],
        }  # fmt: skip


def typed(mapping: ImportMapping, table: Table) -> ImportMapping:
    """The mapping with what is certain about a file of typed cells; what the plan says of figures holds for those too."""
    table.decimal = next((step.numbers for step in mapping.steps if step.numbers), table.decimal)
    for step in mapping.steps:
        step.numbers = step.numbers or (table.decimal if table.is_typed else "")
    return mapping


def _joined(
    one: tuple[list[Counts], list[list[Row]]], other: tuple[list[Counts], list[list[Row]]]
) -> tuple[list[Counts], list[list[Row]]]:
    """What was found for two halves of a batch."""
    for total, more in zip(one[0], other[0], strict=True):
        total.add(more)
    return one[0], [[*rows, *more] for rows, more in zip(one[1], other[1], strict=True)]


def _coming(mapping: ImportMapping, *, tries: bool) -> Coming:
    """What the mapping makes before the first line is there for the lines."""
    coming = RealComing() if tries else Coming()
    for one in mapping.before:
        values, key = one.get("values"), str(one.get("create", ""))
        if isinstance(values, dict) and key in registry:
            coming.add(registry.get(key), values.get(registry.get(key).declared.title))
    return coming


def open_rows(run: ImportRun) -> int:
    """Lines that somebody must still look at."""
    return ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk, is_open=True).count()


def mend(
    ctx: Context, run: ImportRun, table: Table, line: int, cells: dict[str, str], *, leave_out: bool | None = None
) -> ImportRow:
    """Put other texts into cells of a line, or leave it out (or take it in again); the line is checked anew at once."""
    row = ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk, line=line).first()
    if row is None:
        found = next((one for one in islice(table.lines(), line + 1) if one.number == line), None)
        if found is None:
            raise Gone()
        row = ImportRow(workspace_id=run.workspace_id, run_id=run.pk, line=line, cells=found.cells)
    row.mends = {**row.mends, **{at: text for at, text in cells.items() if 0 <= int(at) < len(table.header)}}
    row.is_left_out = row.is_left_out if leave_out is None else leave_out
    row.reasons = recheck(ctx, run, table, row)
    row.is_open = bool(row.reasons) and not row.is_left_out
    row.save()
    ImportRun.objects.filter(pk=run.pk).update(problems=open_rows(run) + max(run.checked.get("problems", 0) - MOST, 0))
    return row


def recheck(ctx: Context, run: ImportRun, table: Table, row: ImportRow) -> list[tuple[str, str]]:
    """What is wrong with a line as it is mended now."""
    check = Check(ctx, run, table)
    line = mended(Line(row.line, list(row.cells)), Mended(row.mends, False))
    _made, read = check._through([line])
    return check.reasons(read[0][0]) if read[0][0].wrong else []
