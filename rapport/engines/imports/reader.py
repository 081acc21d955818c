"""Reading a table from a file, line by line: encoding, separator, header, and a sentence for everything that is wrong.

The file is walked once to find its encoding and its fingerprint, then once per step of the import; no more than a
batch of lines is ever held in memory.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from rapport.engines.imports.cards import CardTable, is_card_file
from rapport.engines.imports.json_lines import JsonTable
from rapport.engines.imports.sheets import SheetTable, is_sheet_file
from rapport.engines.imports.table import Line, Reading, Table, column_names, looks_like_header
from rapport.kernel.errors import Invalid

DELIMITERS = (",", ";", "\t", "|")
#: Above any real cell; a line whose cell is longer has an opening quote that nobody closed.
LONGEST_CELL = 10_000_000
#: A cell that holds more lines than this is an unclosed quote that swallowed other lines.
MOST_LINES_IN_ROW = 1_000
_BLOCK = 1 << 20
_SEP_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_KINDS_OF_FILE = (
    (b"PK\x03\x04", "an Excel or other zipped file"), (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"), (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"), (b"SQLite format 3", "a database"), (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)  # fmt: skip


@dataclass
class CsvTable(Table):
    """A table of text: CSV, TSV and the like."""

    #: Lines of remarks above the header, as LinkedIn writes them.
    remarks: int = 0

    def lines(self) -> Iterator[Line]:
        """The rows below the header, in order; blank ones are left out."""
        csv.field_size_limit(LONGEST_CELL)
        with self.path.open("rb") as raw:
            counted = _Counting(raw, self)
            text = io.TextIOWrapper(counted, encoding=self.encoding, errors="replace", newline="")
            rows = csv.reader(text, delimiter=self.delimiter)
            for _row in islice(rows, self.remarks):
                pass
            if self.has_header:
                _skip_header(rows)
            yield from self._rows(rows)

    def _rows(self, rows: Iterator[list[str]]) -> Iterator[Line]:
        width = len(self.header)
        while True:
            before = rows.line_num  # type: ignore[attr-defined]
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as wrong:
                yield Line(before + 1, [], _("The line cannot be read (%(why)s); check its quotes.") % {"why": wrong})
                continue
            if not any(cells):
                continue
            number = before + 1
            if rows.line_num - before > MOST_LINES_IN_ROW:  # type: ignore[attr-defined]
                yield Line(number, cells[:width], _("A quote opens here and is not closed; close or remove it."))
            elif (len(cells) != width and any(cells[width:])) or len(cells) < width:
                yield Line(
                    number, cells[:width],
                    _("The line has %(have)d cells, the header has %(want)d; check separators and quotes.")
                    % {"have": len(cells), "want": width},
                )  # fmt: skip
            else:
                yield Line(number, cells[:width])


class _Counting(io.RawIOBase):
    """Passes reads through and tells the table how far they came."""

    def __init__(self, raw: io.BufferedReader, table: Table) -> None:
        self.raw_file, self.table = raw, table
        table.bytes_read = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on."""
        count = self.raw_file.readinto(buffer) or 0
        self.table.bytes_read += count
        return count


def open_table(
    path: str | Path, *, encoding: str = "", delimiter: str = "", reading: Reading | None = None
) -> Table:
    """Find out how a file is to be read. Raises Invalid with one sentence for a file that is no table."""
    path = Path(path)
    reading = reading or Reading(encoding, delimiter)
    first = _first_bytes(path)
    if is_sheet_file(first):
        return SheetTable.opened(path, reading)
    _refuse_other_files(path, first)
    start = first.removeprefix(codecs.BOM_UTF8).lstrip()
    if is_card_file(start):
        return CardTable.opened(path, reading)
    if start.startswith(b"BEGIN:VCALENDAR"):
        raise Invalid(
            _("%(path)s is a calendar file; bring it in under Calendar, “Bring in a calendar file”.") % {"path": path.name},
            code="calendar",
        )
    if start.startswith((b"{", b"[")) or path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return JsonTable.opened(path, reading)
    return _opened(path, first, reading)


def _opened(path: Path, first: bytes, reading: Reading) -> CsvTable:
    notes: list[str] = []
    try:
        found, digest, size = _encoding_and_digest(path, first, reading.encoding, notes)
    except OSError as wrong:
        raise Invalid(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": wrong.strerror or wrong}) from wrong
    table = CsvTable(path, found, reading.delimiter, [], size, digest, notes)
    if not table.delimiter:
        table.delimiter = _sniffed(path, found)
    table.remarks = _remarks(table)
    row = _first_row(table)
    table.has_header = looks_like_header(row) if reading.has_header is None else reading.has_header
    table.header = column_names(row if table.has_header else [""] * len(row), path)
    return table


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise Invalid(_("%(path)s is a folder; name a file in it.") % {"path": path})
    try:
        with path.open("rb") as file:
            first = file.read(1 << 16)
    except FileNotFoundError:
        raise Invalid(_("There is no file %(path)s.") % {"path": path}) from None
    except OSError as wrong:
        raise Invalid(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": wrong.strerror or wrong}) from wrong
    if not first.strip():
        raise Invalid(_("%(path)s is empty.") % {"path": path})
    return first


def _refuse_other_files(path: Path, first: bytes) -> None:
    for mark, name in _KINDS_OF_FILE:
        if first.startswith(mark):
            raise Invalid(
                _("%(path)s is %(what)s, not a table of text; save it as CSV (UTF-8) first.") % {"path": path, "what": name}
            )


def _encoding_and_digest(path: Path, first: bytes, wanted: str, notes: list[str]) -> tuple[str, str, int]:
    """The encoding: the one wanted, the byte order mark's, UTF-8 when the whole file is, else Windows-1252, said aloud."""
    if wanted:
        try:
            codecs.lookup(wanted)
        except LookupError:
            raise Invalid(_("There is no encoding “%(name)s”; try utf-8 or cp1252.") % {"name": wanted[:40]}) from None
    named = wanted or _marked(first)
    checked = codecs.getincrementaldecoder(named or "utf-8")()
    digest, size, fits = hashlib.sha256(), 0, True
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if fits:
                try:
                    checked.decode(block)
                except UnicodeError:
                    fits = False
    try:
        checked.decode(b"", final=True)
    except UnicodeError:
        fits = False
    if fits and not named and b"\0" in first:
        raise Invalid(_("%(path)s holds binary data, not text; save it as CSV (UTF-8) first.") % {"path": path})
    if fits:
        return named or "utf-8", digest.hexdigest(), size
    if named:
        raise Invalid(
            _("%(path)s is not %(name)s text throughout; save it as CSV (UTF-8) or name another encoding.")
            % {"path": path, "name": named}
        )
    if b"\0" in first or _share_of_controls(first) > 0.05:
        raise Invalid(_("%(path)s holds binary data, not text; save it as CSV (UTF-8) first.") % {"path": path})
    guess = _guessed(first)
    if guess == "cp1252":
        notes.append(
            _("The file is not UTF-8; it is read as Windows-1252 (Western European). If letters come out wrong, name its "
              "encoding, such as --encoding cp1250.")
        )  # fmt: skip
    else:
        notes.append(
            _("The file is not UTF-8; by its letters it is read as %(name)s. If letters come out wrong, name its encoding.")
            % {"name": guess}
        )
    return guess, digest.hexdigest(), size


#: Encodings that are told apart by their letters; everything else of one byte a letter is Western European.
_HINTS = {
    "cp1250": "cp1250", "iso8859_2": "cp1250", "cp1251": "cp1251", "koi8_r": "koi8_r", "cp1253": "cp1253",
    "iso8859_7": "cp1253", "shift_jis": "cp932", "cp932": "cp932", "gb18030": "gb18030", "gbk": "gb18030", "big5": "big5",
    "euc_kr": "cp949", "cp949": "cp949", "euc_jp": "euc_jp",
}  # fmt: skip


def _guessed(first: bytes) -> str:
    """The encoding that the letters look like; too few foreign ones prove nothing and count as Windows-1252."""
    if sum(1 for byte in first if byte > 127) < 40:
        return "cp1252"
    best = from_bytes(first[:32_000], cp_isolation=[*_HINTS, "cp1252"]).best()
    return _HINTS.get(best.encoding, "cp1252") if best is not None else "cp1252"


def _marked(first: bytes) -> str:
    """The encoding that a byte order mark names, or that zero bytes at every second place betray."""
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = first[:4000]
    if len(sample) >= 20 and sample.count(b"\0") > len(sample) * 0.4:
        return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"
    return ""


def _share_of_controls(first: bytes) -> float:
    return sum(1 for byte in first if byte < 32 and byte not in (9, 10, 12, 13)) / len(first)


def _sniffed(path: Path, encoding: str) -> str:
    """The separator under which the first lines have the most, and equally many, cells."""
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(64_000)
    if said := _SEP_LINE.fullmatch(sample.partition("\n")[0].strip("\r")):
        return said[1]
    csv.field_size_limit(LONGEST_CELL)
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            rows = list(csv.reader(io.StringIO(sample), delimiter=delimiter))[:50]
        except csv.Error:
            continue
        widths = [len(row) for row in rows if any(row)]
        if not widths or widths[0] < 2:
            continue
        score = widths[0] * (sum(1 for width in widths if width == widths[0]) / len(widths)) ** 2
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _skip_header(rows: Iterator[list[str]]) -> list[str]:
    """The header row, past the "sep=;" line that some spreadsheets write."""
    for row in rows:
        if any(cell.strip() for cell in row) and not (len(row) <= 2 and row[0].lower().startswith("sep=")):
            return row
    return []


def _first_row(table: CsvTable) -> list[str]:
    csv.field_size_limit(LONGEST_CELL)
    with table.path.open("r", encoding=table.encoding, errors="replace", newline="") as file:
        try:
            rows = csv.reader(file, delimiter=table.delimiter)
            return _skip_header(islice(rows, table.remarks, None))
        except csv.Error as wrong:
            raise Invalid(_("The first line cannot be read: %(why)s.") % {"why": wrong}) from wrong


def _remarks(table: CsvTable) -> int:
    """How many rows of remarks stand above the header: at most two cells each, above a table that is wider."""
    csv.field_size_limit(LONGEST_CELL)
    with table.path.open("r", encoding=table.encoding, errors="replace", newline="") as file:
        try:
            widths = [sum(1 for cell in row if cell.strip()) for row in islice(csv.reader(file, delimiter=table.delimiter), 30)]
        except csv.Error:
            return 0
    usual = max(widths, default=0)
    above = next((at for at, width in enumerate(widths) if width > usual / 2), 0)
    return above if usual >= 4 and len(widths) > above + 1 and all(width <= 2 for width in widths[:above]) else 0


__all__ = ["CsvTable", "Line", "Reading", "Table", "open_table"]
