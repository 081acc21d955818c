"""A list as CSV: UTF-8, a comma, a line per record, formulas disarmed. What an import reads back."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.exports.formulas import defended
from rapport.kernel.kinds.base import Kind

if TYPE_CHECKING:
    from rapport.engines.exports.sheet import Sheet
    from rapport.kernel.query.read import Row
    from rapport.kernel.records.field import Field

#: Values remembered per field; only of sorts that are the same where they are equal (2.0 and 2.00 may look different).
_MOST_REMEMBERED = 20_000
_REMEMBERED = (str, UUID, dt.date, dt.datetime)


def write(sheet: Sheet, pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """The header, then the lines of each page."""
    yield (codecs.BOM_UTF8 if sheet.mark else b"") + _lines([sheet.header()])
    known: dict[str, dict[object, str]] = {f.key: {} for f in sheet.fields}
    for rows in pages:
        sheet.prepare(rows)
        columns = [_column(sheet, f, [row.values[f.key] for row in rows], known[f.key]) for f in sheet.fields]
        yield _lines(zip([str(row.id) for row in rows], *columns, strict=True))


def _column(sheet: Sheet, field: Field, values: Sequence[object], known: dict[object, str]) -> list[str]:
    """The cells of one field. What a value looks like is remembered: most columns say the same few things again (measured:
    half of an export). Words are what they are."""
    kind = type(field.kind)
    if kind.text is Kind.text and kind.references is Kind.references and field.kind.align != "end":
        return ["" if v is None else v if type(v) is str and v[:1].isalnum() else defended(str(v)) for v in values]
    if len(known) > _MOST_REMEMBERED:
        known.clear()
    found = []
    for value in values:
        if value is None:
            found.append("")
        elif type(value) not in _REMEMBERED:
            found.append(_cell(sheet, field, value))
        else:
            cell = known.get(value)
            if cell is None:
                cell = known[value] = _cell(sheet, field, value)
            found.append(cell)
    return found


def _cell(sheet: Sheet, field: Field, value: object) -> str:
    shown = field.kind.text(value, sheet.ctx.format) if sheet.is_told(field, value) else ""
    return defended(shown) if field.kind.align != "end" else shown


def _lines(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8", errors="replace")
