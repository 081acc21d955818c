"""Spreadsheets: one sheet of an XLSX, XLS or ODS file as a table; cells keep what they are, not how they look."""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from rapport.engines.imports.facts import decimal_sign
from rapport.engines.imports.table import MOST_COLUMNS, Line, Reading, Table, column_names, fingerprint, looks_like_header
from rapport.kernel.errors import Invalid

#: Unpacked bytes of a workbook that are read at most: a million rows of ten columns have about half of it.
MOST_UNPACKED = 1 << 30
#: A zip that unpacks to more than this many times its size is a bomb; real workbooks stay under fifty.
_MOST_RATIO, _SMALL = 200, 20 << 20
_LONGEST_CELL = 1_000_000
#: Rows in which the header and the sign of figures are looked for, and rows of one cell that may stand above the columns.
_LOOKED_AT, _MOST_TITLES = 1_000, 6


def is_sheet_file(first: bytes) -> bool:
    """By its first bytes: a zip that says it is a workbook, or an old Excel file."""
    if first.startswith(b"\xd0\xcf\x11\xe0"):
        return True
    return first.startswith(b"PK\x03\x04") and any(
        mark in first for mark in (b"[Content_Types].xml", b"application/vnd.oasis.opendocument.spreadsheet", b"xl/", b"_rels/")
    )


@dataclass
class SheetTable(Table):
    """One sheet of a workbook. The reader holds the sheet in memory, outside of Python."""

    first_row: int = 0

    @classmethod
    def opened(cls, path: Path, reading: Reading) -> SheetTable:
        """Choose the sheet (the wanted one, else the first with anything in it) and read its header."""
        _refuse_bombs(path)
        digest, size = fingerprint(path)
        table = cls(path, size=size, digest=digest, kind="sheet", is_typed=True)
        book = _book(path)
        table.sheets = list(book.sheet_names)
        if reading.sheet and reading.sheet not in table.sheets:
            raise Invalid(
                _("The workbook has no sheet “%(name)s”; it has: %(names)s.")
                % {"name": reading.sheet[:60], "names": ", ".join(table.sheets)[:300]}
            )
        for name in [reading.sheet] if reading.sheet else table.sheets:
            sheet = _sheet(book, name)
            if sheet.height and sheet.width:
                table.sheet = name
                break
        else:
            raise Invalid(_("%(path)s has no sheet with anything in it.") % {"path": path.name})
        if sheet.width > MOST_COLUMNS:
            raise Invalid(
                _("The sheet “%(name)s” has %(count)d columns; at most %(most)d are read. Delete the empty ones.")
                % {"name": table.sheet, "count": sheet.width, "most": MOST_COLUMNS}
            )
        table.digest = hashlib.sha256(f"{digest} {table.sheet}".encode()).hexdigest() if len(table.sheets) > 1 else digest
        _find_header(table, sheet, reading)
        return table

    def lines(self) -> Iterator[Line]:
        """The rows below the header."""
        sheet = _sheet(_book(self.path), self.sheet)
        height, width = max(sheet.height, 1), len(self.header)
        for at, row in enumerate(sheet.iter_rows()):
            if at < self.first_row:
                continue
            self.bytes_read = self.size * (at + 1) // height
            cells = [text_of(cell, self.decimal) for cell in row[:width]]
            if not any(cells):
                continue
            cells += [""] * (width - len(cells))
            too_long = any(len(cell) > _LONGEST_CELL for cell in cells)
            yield Line(at + 1, cells, _("A cell of this row is too long to be real; shorten it.") if too_long else "")


def _refuse_bombs(path: Path) -> None:
    """A zip whose contents would fill the memory is refused by what its list of contents says, before it is unpacked."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OverflowError) as wrong:
        raise _broken(path) from wrong
    if unpacked > MOST_UNPACKED or (unpacked > _SMALL and unpacked > _MOST_RATIO * path.stat().st_size):
        raise Invalid(
            _("%(path)s unpacks to far more than a workbook should hold; save it anew, or as CSV (UTF-8).") % {"path": path.name}
        )


def _book(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as wrong:
        raise _broken(path) from wrong


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as wrong:
        raise Invalid(_("The sheet “%(name)s” cannot be read; save the workbook anew.") % {"name": name[:60]}) from wrong


def _broken(path: Path) -> Invalid:
    return Invalid(
        _("%(path)s is no workbook that can be read (damaged, or with a password); save it anew, or as CSV (UTF-8).")
        % {"path": path.name}
    )


def _find_header(table: SheetTable, sheet: CalamineSheet, reading: Reading) -> None:
    """The first row with anything in it; titles of the whole sheet (one cell, often merged over all columns) stand above."""
    first = [
        (at, row) for at, row in islice(enumerate(sheet.iter_rows()), _LOOKED_AT) if any(text_of(cell) for cell in row)
    ]  # fmt: skip
    if not first:
        raise Invalid(_("The sheet “%(name)s” is empty.") % {"name": table.sheet})
    table.decimal = decimal_sign(cell for _at, row in first for cell in row if isinstance(cell, str)) or "."
    at, row = _below_titles(table, first) if reading.has_header is not False else first[0]
    cells = [text_of(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    table.has_header = _names_columns(row) if reading.has_header is None else reading.has_header
    width = len(cells) if table.has_header else sheet.width
    table.header = column_names(cells if table.has_header else [""] * width, table.path)
    table.first_row = at + 1 if table.has_header else at


def _below_titles(table: SheetTable, first: Sequence[tuple[int, list[object]]]) -> tuple[int, list[object]]:
    """The first row of several cells, if only rows of one cell stand above it and it names columns."""
    for number, (at, row) in enumerate(first[:_MOST_TITLES]):
        if sum(1 for cell in row if text_of(cell)) < 2:
            continue
        if number and _names_columns(row):
            table.notes += [
                _("“%(title)s” stands above the columns and is left out.") % {"title": "".join(map(text_of, above))[:60]}
                for _at, above in first[:number]
            ]
            return at, row
        break
    return first[0]


def _names_columns(row: Sequence[object]) -> bool:
    return all(isinstance(cell, str) for cell in row) and looks_like_header([text_of(cell) for cell in row])


def text_of(cell: object, decimal: str = ".") -> str:
    """A typed cell as text that reads the same in every language: 1250.5, 2026-11-22, yes. Where figures stand in the sheet
    as text with a decimal comma, its numbers are written so too: one sign for the whole sheet."""
    if isinstance(cell, str):
        return cell.replace("\0", "").strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell).replace(".", decimal)
    if isinstance(cell, dt.datetime):
        # A workbook counts days as fractions, which miss the second by a little.
        cell = (cell + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        if cell.time() == dt.time():
            return cell.date().isoformat()
        return cell.isoformat(" ", "seconds" if cell.second else "minutes")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)
