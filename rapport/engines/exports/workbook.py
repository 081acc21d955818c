"""An XLSX file written as it is sent: nothing of it is kept, so a million rows need the memory of one page.

Well-kept libraries build the whole file before the first byte can leave (docs/decisions/0018-exports.md). The parts
are those of ECMA-376, 5th edition, part 1, sections 12.3 and 18.3; words are inline strings, which no spreadsheet runs.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

#: Excel's own bound is 1,048,576 rows a sheet; the bytes keep every part below what plain ZIP can hold.
MOST_ROWS, MOST_BYTES = 1_048_576, 1_800_000_000
#: Excel cuts longer cells.
_LONGEST = 32_767
_DAY_ONE = dt.date(1899, 12, 30)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
#: Signs that XML cannot hold.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
#: Cell styles, by their place in styles.xml: plain, date, date with time, bold (the header).
_DATE, _MOMENT, _BOLD = 1, 2, 3
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>'
)


class _Outgoing(io.RawIOBase):
    """Where the ZIP is written to; what stands here leaves with the next chunk."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.parts.append(bytes(data))  # type: ignore[call-overload]
        return len(self.parts[-1])


class Workbook:
    """Rows go in by `add`, bytes come out by `taken` and at last by `closed`."""

    def __init__(self, title: str, header: Sequence[str]) -> None:
        """A file whose sheets are called after `title` and begin with the header in bold, which stays in sight."""
        self._out = _Outgoing()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)  # type: ignore[arg-type]
        self._title, self._header = _NOT_IN_NAMES.sub(" ", title)[:25] or "Rapport", header
        self._sheets = 0
        self._open_sheet()

    def add(self, cells: Sequence[object]) -> None:
        """Append a row: None, str, bool, int, Decimal, date, datetime (without zone)."""
        if self._rows >= MOST_ROWS or self._bytes > MOST_BYTES:
            self._close_sheet()
            self._open_sheet()
        self._write("".join(("<row>", *map(_cell, cells), "</row>")))
        self._rows += 1

    def taken(self) -> bytes:
        """The bytes made since the last call."""
        parts, self._out.parts = self._out.parts, []
        return b"".join(parts)

    def closed(self) -> bytes:
        """The end of the file: the last bytes of the sheet and the parts that name the sheets."""
        self._close_sheet()
        numbers = range(1, self._sheets + 1)
        names = "".join(
            f'<sheet name="{escape(self._name(n), {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers
        )
        self._part("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOC}"><sheets>{names}</sheets></workbook>')
        ties = "".join(f'<Relationship Id="rId{n}" Type="{_DOC}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
        ties += f'<Relationship Id="rId{self._sheets + 1}" Type="{_DOC}/styles" Target="styles.xml"/>'
        self._part("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{ties}</Relationships>')
        self._zip.writestr("xl/styles.xml", _STYLES)
        root = f'<Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/>'
        self._part("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{root}</Relationships>')
        self._part("[Content_Types].xml", self._content_types())
        self._zip.close()
        return self.taken()

    def _content_types(self) -> str:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        sheets = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in range(1, self._sheets + 1)
        )
        return (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{sheets}'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>'
        )

    def _name(self, number: int) -> str:
        return self._title if number == 1 else f"{self._title} {number}"

    def _part(self, name: str, text: str) -> None:
        self._zip.writestr(name, _HEAD + text)

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._rows, self._bytes = 1, 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        self._write(f'{_HEAD}<worksheet xmlns="{_MAIN}">{views}<sheetData>')
        self._write("".join(("<row>", *(_words(one, _BOLD) for one in self._header), "</row>")))

    def _close_sheet(self) -> None:
        self._write("</sheetData></worksheet>")
        self._sheet.close()

    def _write(self, text: str) -> None:
        data = text.encode("utf-8")
        self._bytes += len(data)
        self._sheet.write(data)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | Decimal):
        # Excel keeps 15 digits; a longer number is kept whole as words.
        text = str(value) if isinstance(value, int) else f"{value:f}"
        return f"<c><v>{text}</v></c>" if len(text.strip("-").replace(".", "")) <= 15 else _words(text)
    if isinstance(value, dt.datetime):
        return _day(value.date(), (value.hour * 3600 + value.minute * 60 + value.second) / 86400, value, _MOMENT)
    if isinstance(value, dt.date):
        return _day(value, 0, value, _DATE)
    return _words(str(value))


def _day(day: dt.date, part: float, value: object, style: int) -> str:
    """A day as Excel counts it. Before March 1900 it counts a leap day that never was: such days are words."""
    number = (day - _DAY_ONE).days
    return f'<c s="{style}"><v>{round(number + part, 9)}</v></c>' if number > 60 else _words(str(value))


def _words(text: str, style: int = 0) -> str:
    kept = escape(_UNFIT.sub("\ufffd", text[:_LONGEST]))
    return f'<c t="inlineStr"{f" s={chr(34)}{style}{chr(34)}" if style else ""}><is><t xml:space="preserve">{kept}</t></is></c>'
