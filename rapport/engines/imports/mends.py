"""Lines with a problem, and what people did about them before anything was written: cells mended, lines left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapport.engines.imports.models import ImportRow, ImportRun
from rapport.kernel.changes.bulk import insert_rows

if TYPE_CHECKING:
    from rapport.engines.imports.batch import Row
    from rapport.engines.imports.plan import Plan
    from rapport.engines.imports.table import Line

#: Problem rows that are kept for mending; a file with more is better mended at its source, and says so.
MOST = 20_000


@dataclass
class Mended:
    """What stands instead in one line."""

    cells: Mapping[str, str]
    is_left_out: bool


def with_mends(run: ImportRun | None, lines: Sequence[Line]) -> list[Line]:
    """The lines of a batch as they shall be read: cells replaced, lines left out gone."""
    if run is None or not lines:
        return list(lines)
    rows = ImportRow.objects.filter(
        workspace_id=run.workspace_id, run_id=run.pk, line__gte=lines[0].number, line__lte=lines[-1].number
    )
    done = {line: Mended(mends, out) for line, mends, out in rows.values_list("line", "mends", "is_left_out")}
    left_out = {line for line, one in done.items() if one.is_left_out}
    return [mended(line, done.get(line.number)) for line in lines if line.number not in left_out]


def mended(line: Line, by: Mended | None) -> Line:
    """One line with its cells replaced."""
    for at, text in (by.cells if by else {}).items():
        if int(at) < len(line.cells):
            line.cells[int(at)] = text
    return line


def column_of(plan: Plan, header: Sequence[str], key: str) -> str:
    """The column that feeds a field, for showing a problem at its cell; "" for none, or for several."""
    source = plan.sources.get(key)
    if source is None or not source.places:
        return ""
    return header[source.places[0][0]]


def keep_problems(run: ImportRun, rows: Iterable[tuple[Row, list[tuple[str, str]]]], *, room: int) -> int:
    """Write down the rows with a problem, those that are kept already with their reasons anew; returns how many are new."""
    found = {row.line.number: (row, reasons) for row, reasons in rows}
    there = ImportRow.objects.filter(workspace_id=run.workspace_id, run_id=run.pk, line__in=list(found))
    for one in there:
        row, reasons = found.pop(one.line)
        ImportRow.objects.filter(workspace_id=run.workspace_id, pk=one.pk).update(
            reasons=reasons, cells=_plain(row), is_open=not one.is_left_out
        )
    new = list(found.values())[: max(room, 0)]
    insert_rows(
        ImportRow, ("workspace_id", "run_id", "line", "cells", "reasons", "mends", "is_left_out", "is_open"),
        [(run.workspace_id, run.pk, row.line.number, _plain(row), reasons, {}, False, True) for row, reasons in new],
    )  # fmt: skip
    return len(new)


def _plain(row: Row) -> list[str]:
    return [str(cell)[:2_000] for cell in row.line.cells]
