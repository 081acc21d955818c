"""A list as an Excel file: numbers, dates and yes/no are such, words are words (never formulas)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rapport.engines.exports.workbook import Workbook

if TYPE_CHECKING:
    from rapport.engines.exports.sheet import Sheet
    from rapport.kernel.query.read import Row


def write(sheet: Sheet, pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """The file in pieces as it grows."""
    book = Workbook(str(sheet.info.plural), sheet.header())
    shown_as = sheet.ctx.format
    for rows in pages:
        sheet.prepare(rows)
        for row in rows:
            cells: list[object] = [str(row.id)]
            for f in sheet.fields:
                value = row.values[f.key]
                cells.append(f.kind.sheet_value(value, shown_as) if sheet.is_told(f, value) else None)
            book.add(cells)
        yield book.taken()
    yield book.closed()
