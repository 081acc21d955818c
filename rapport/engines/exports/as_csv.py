"""A list as CSV: UTF-8, a comma, a line per record, formulas disarmed. What an import reads back."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rapport.engines.exports.formulas import defended

if TYPE_CHECKING:
    from rapport.engines.exports.sheet import Sheet
    from rapport.kernel.query.read import Row


def write(sheet: Sheet, pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """The header, then the lines of each page."""
    yield (codecs.BOM_UTF8 if sheet.mark else b"") + _lines([sheet.header()])
    for rows in pages:
        sheet.prepare(rows)
        yield _page(sheet, rows)


def _page(sheet: Sheet, rows: Sequence[Row]) -> bytes:
    shown_as = sheet.ctx.format
    plan = [(f, f.key, f.kind.text, f.kind.align != "end", sheet.is_told) for f in sheet.fields]
    lines = []
    for row in rows:
        line = [str(row.id)]
        for field, key, text, is_words, is_told in plan:
            value = row.values[key]
            shown = text(value, shown_as) if is_told(field, value) else ""
            line.append(defended(shown) if is_words else shown)
        lines.append(line)
    return _lines(lines)


def _lines(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8", errors="replace")
