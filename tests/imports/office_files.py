"""Real spreadsheet files made by hand: OpenDocument (ODS), and the old Excel format (XLS) in its compound file."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

Rows = Sequence[Sequence[object]]
_NAMES = " ".join(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for short, name in (
    ("office", "office"), ("table", "table"), ("text", "text"),
))  # fmt: skip
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def ods(sheets: Mapping[str, Rows], *, merged: int = 0) -> bytes:
    """An ODS file; the first cell of the first row spans `merged` columns."""
    body = "".join(
        f'<table:table table:name="{name}">' + "".join(
            f"<table:table-row>{''.join(_ods_cell(cell, merged if not r and not c else 0) for c, cell in enumerate(row))}</table:table-row>"
            for r, row in enumerate(rows)
        ) + "</table:table>"
        for name, rows in sheets.items()
    )  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", _ODS, zipfile.ZIP_STORED)
        packed.writestr("META-INF/manifest.xml", (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>'
        ))  # fmt: skip
        packed.writestr("content.xml", (
            f'<?xml version="1.0"?><office:document-content {_NAMES} office:version="1.2"><office:body><office:spreadsheet>'
            f"{body}</office:spreadsheet></office:body></office:document-content>"
        ))  # fmt: skip
    return out.getvalue()


def _ods_cell(value: object, spans: int) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, dt.date):
        said, text = f'"date" office:date-value="{value.isoformat()}"', value.strftime("%d.%m.%Y")
    elif isinstance(value, bool):
        said, text = f'"boolean" office:boolean-value="{str(value).lower()}"', str(value)
    elif isinstance(value, (int, float)):
        said, text = f'"float" office:value="{value}"', str(value).replace(".", ",")
    else:
        said, text = '"string"', str(value)
    more = f' table:number-columns-spanned="{spans}" table:number-rows-spanned="1"' if spans else ""
    covered = "<table:covered-table-cell/>" * (spans - 1)
    return f"<table:table-cell office:value-type={said}{more}><text:p>{text}</text:p></table:table-cell>{covered}"


def xls(sheets: Mapping[str, Rows]) -> bytes:
    """An XLS file of Excel 97: texts, numbers and days (the second cell format is one for days)."""
    globals_ = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    for number_format in (0, 14):
        globals_ += _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, number_format, 0, 0, 0, 0, 0, 0, 0, 0))
    streams = [_xls_sheet(rows) for rows in sheets.values()]
    names = [name.encode("latin-1") for name in sheets]
    at = len(globals_) + sum(4 + 8 + len(name) for name in names) + 4
    for name, stream in zip(names, streams, strict=True):
        globals_ += _record(0x0085, struct.pack("<IBBBB", at, 0, 0, len(name), 0) + name)
        at += len(stream)
    return _compound(globals_ + _record(0x000A, b"") + b"".join(streams))


def _xls_sheet(rows: Rows) -> bytes:
    width = max((len(row) for row in rows), default=0)
    out = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    out += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, dt.date):
                out += _record(0x0203, struct.pack("<HHHd", r, c, 1, (value - dt.date(1899, 12, 30)).days))
            elif isinstance(value, (int, float)):
                out += _record(0x0203, struct.pack("<HHHd", r, c, 0, value))
            elif value is not None:
                text = str(value).encode("utf-16-le")
                out += _record(0x0204, struct.pack("<HHHHB", r, c, 0, len(text) // 2, 1) + text)
    return out + _record(0x000A, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """One stream in a compound file: the header, a table of sectors, the directory, the stream."""
    size = max(len(stream), 4096)
    stream = stream.ljust(-(-size // 512) * 512, b"\0")
    sectors = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    assert len(chain) <= 128, "one sector of the table holds 128 sectors"
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096,
        0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0,
    )  # fmt: skip
    header += struct.pack("<108I", *[0xFFFFFFFF] * 108)
    entries = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry("Workbook", 2, 0xFFFFFFFF, 2, size)
    return header[:512] + table + entries.ljust(512, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    none = 0xFFFFFFFF
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text) + 2, kind, 1, none, none, child, b"", 0, 0, 0, start, size
    )  # fmt: skip
