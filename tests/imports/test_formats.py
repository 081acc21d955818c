"""Workbooks, address cards and JSON: read like tables of text, typed cells kept, hostile files told in one sentence."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.engines.imports.facts import date_order, decimal_sign, first_look
from rapport.engines.imports.plan import neutral
from rapport.engines.imports.reader import open_table
from rapport.engines.imports.table import Reading
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Format
from rapport.kernel.kinds.number import read_number
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.imports.conftest import Importer, names

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
    '"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_REL = '<Relationship Id="r{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{1}" Target="{2}"/>'


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """A small XLSX file: texts, numbers and days (a style says which numbers are days)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", _TYPES)
        packed.writestr("_rels/.rels", _RELS.format(_REL.format(1, "officeDocument", "xl/workbook.xml")))
        names = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, 1))
        packed.writestr("xl/workbook.xml", (
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
            f'"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{names}</sheets></workbook>'
        ))  # fmt: skip
        rels = [_REL.format(i, "worksheet", f"worksheets/s{i}.xml") for i in range(1, len(sheets) + 1)]
        rels.append(_REL.format(99, "styles", "styles.xml"))
        packed.writestr("xl/_rels/workbook.xml.rels", _RELS.format("".join(rels)))
        packed.writestr("xl/styles.xml", (
            '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2">'
            '<xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
        ))  # fmt: skip
        for number, rows in enumerate(sheets.values(), 1):
            body = "".join(
                f'<row r="{r}">' + "".join(_cell(value, r, c) for c, value in enumerate(row)) + "</row>" for r, row in enumerate(rows, 1)
            )
            packed.writestr(f"xl/worksheets/s{number}.xml", (
                '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
                f"{body}</sheetData></worksheet>"
            ))  # fmt: skip
    return out.getvalue()


def _cell(value: object, row: int, column: int) -> str:
    at = f'r="{chr(65 + column)}{row}"'
    if isinstance(value, dt.date):
        return f'<c {at} s="1"><v>{(value - dt.date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, bool):
        return f'<c {at} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f"<c {at}><v>{value}</v></c>"
    return f'<c {at} t="inlineStr"><is><t>{value}</t></is></c>'


def test_a_workbook_keeps_what_its_cells_are(cast: Cast, bring: Importer) -> None:
    """A number is no text in some language's style, a day is a day; empty sheets are passed over."""
    data = workbook({"Empty": [], "People": [
        ["Name", "Birthday", "Employees", "Turnover"], ["Fern", dt.date(1990, 2, 28), 1200, 1234.567], ["", "", "", ""], ["Oak", "", 3, 12.5],
    ]})  # fmt: skip
    report = bring(data, name="book.xlsx", mapping={
        "as": "customer", "columns": {"Name": "name", "Birthday": "birthday", "Employees": "employees"}, "match": ["name"],
    })  # fmt: skip
    assert report.table.sheet == "People" and report.table.header == ["Name", "Birthday", "Employees", "Turnover"]
    rows = {row["name"]: row for row in read_page(cast.ctx("ana"), registry.get("customer")).rows}
    assert rows["Fern"]["birthday"] == dt.date(1990, 2, 28) and rows["Fern"]["employees"] == 1200 and len(rows) == 2
    assert [line.cells[3] for line in report.table.lines()] == ["1234.567", "12.5"]


def test_the_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbook({"A": [["a"], ["1"]], "B": [["b", "c"], ["2", "3"]]}))
    assert open_table(path).sheet == "A"
    table = open_table(path, reading=Reading(sheet="B"))
    assert table.header == ["b", "c"] and table.sheets == ["A", "B"]
    with pytest.raises(Invalid, match="no sheet"):
        open_table(path, reading=Reading(sheet="C"))


CARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Tierney;Grace;;;\r\nFN:Grace Tierney\r\nORG:Hotel\\, Bar & Grill;Desk\r\n"
    "EMAIL;TYPE=INTERNET,WORK:grace@aldersley.example\r\nitem1.EMAIL;type=HOME:grace@home.example\r\n"
    "TEL;TYPE=CELL:+353 85 555 0142\r\nADR;TYPE=WORK:;;1 Quay\r\n  Street;Galway;;H91;Ireland\r\nBDAY:19840309\r\n"
    "NOTE:First line\\nsecond line\r\nCATEGORIES:VIP,Hotel\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg\r\n"
    "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:eins=0D=0A=\r\nzwei\r\nTEL;WORK;VOICE:+49 30 5550142\r\nEND:VCARD\r\n"
    'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Four\r\nTEL;VALUE=uri;TYPE="voice,home":tel:+353-1-555-0142\r\nBDAY:--0309\r\nEND:VCARD\r\n'
    "BEGIN:VCARD\r\nFN:Cut off"
)


def test_cards_of_all_versions_come_in(cast: Cast, bring: Importer) -> None:
    """Folded lines, quoted-printable, types with and without names; a card without an end is told."""
    report = bring(CARDS, name="people.vcf", mapping={"as": "customer", "set": {"kind": "person"}, "match": ["email"], "columns": {
        "Name": "name", "E-mail": "emails", "Phone": "phones", "Street": "addresses.street", "City": "addresses.city",
        "Birthday": "birthday", "Note": "note", "Tags": "tags",
    }})  # fmt: skip
    assert names() == ["Four", "Grace Tierney", "Jörg Müller"] and report.total.rejected == 1
    rows = {row["name"]: row for row in read_page(cast.ctx("ana"), registry.get("customer")).rows}
    grace = rows["Grace Tierney"]
    assert [(one["label"], one["value"]) for one in grace["emails"]] == [
        ("work", "grace@aldersley.example"), ("home", "grace@home.example"),
    ]  # fmt: skip
    assert grace["addresses"][0]["street"] == "1 Quay Street" and grace["birthday"] == dt.date(1984, 3, 9)
    assert grace["note"] == "First line\nsecond line" and set(grace["tags"]) == {"VIP", "Hotel"}
    assert rows["Jörg Müller"]["phones"][0]["value"] == "+49305550142" and "zwei" in rows["Jörg Müller"]["note"]
    assert rows["Four"]["phones"][0]["value"] == "+35315550142" and rows["Four"]["birthday"] is None


def test_json_lines_carry_their_shapes(cast: Cast, bring: Importer) -> None:
    """Lists and objects come in as the API would take them; a broken line is told."""
    lines = [
        {"name": "Fern", "emails": [{"value": "a@fern.example", "label": "work"}], "employees": 12, "turnover": None},
        {"name": "Oak", "tags": ["x", "y"], "birthday": "1990-02-28"},
    ]
    text = "\n".join(json.dumps(one) for one in lines) + "\nnot json\n"
    report = bring(text, name="x.jsonl", match="name")
    rows = {row["name"]: row for row in read_page(cast.ctx("ana"), registry.get("customer")).rows}
    assert rows["Fern"]["emails"][0]["label"] == "work" and rows["Fern"]["employees"] == 12
    assert set(rows["Oak"]["tags"]) == {"x", "y"} and report.total.rejected == 1


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", _TYPES)
        packed.writestr("xl/worksheets/s1.xml", b"0" * (64 << 20))
    return out.getvalue()


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a zip bomb": ("x.xlsx", _bomb, "unpacks"),
    "a broken workbook": ("x.xlsx", lambda: workbook({"A": [["a"], ["b"]]})[:-200], "workbook"),
    "a million columns": ("x.csv", lambda: b"a," * 1_000_000 + b"\n1\n", "header"),
    "deep json": ("x.jsonl", lambda: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "JSON"),
    "a calendar": ("x.ics", lambda: b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "calendar"),
    "binary in a csv": ("x.csv", lambda: b"name\n" + b"\0\1\2" * 500, "binary"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_answer_one_sentence(tmp_path: Path, name: str) -> None:
    """No traceback, no flood of memory, nothing but a sentence."""
    file, content, word = HOSTILE[name]
    path = tmp_path / file
    path.write_bytes(content())
    with pytest.raises(Invalid, match=word):
        open_table(path)


def test_files_say_how_they_write_days_and_figures(tmp_path: Path) -> None:
    """Proof in one cell is enough; two that contradict, or none, leave it open."""
    assert date_order(["03/04/2021", "17/9/19"]) == ("dmy", "") and date_order(["03/17/2021"]) == ("mdy", "")
    assert date_order(["03/04/2021"]) == ("", "03/04/2021") and date_order(["17/03/2021", "03/17/2021"])[0] == ""
    assert decimal_sign(["1.234,50", "12"]) == "," and decimal_sign(["1,234.50"]) == "." and decimal_sign(["1,234"]) == ""
    path = tmp_path / "x.csv"
    path.write_text("Anna;17.03.1990;1.234,50\nBert;18.03.1990;2,00\n")
    table = open_table(path)
    facts = first_look(table)
    assert not table.has_header and len(table.header) == 3 and (facts.date_order, facts.numbers) == ("dmy", ",")
    assert [line.cells[0] for line in table.lines()] == ["Anna", "Bert"]


@given(st.decimals(-10**9, 10**9, places=3), st.sampled_from(["en", "de", "fr", "es"]), st.sampled_from([".", ","]))
def test_a_figure_of_known_style_means_the_same_in_every_language(figure: object, language: str, sign: str) -> None:
    """Whatever the language of whoever imports, "1.234,5" of a German file is a thousand and a bit."""
    text = f"{figure:,}" if sign == "." else f"{figure:,}".translate(str.maketrans(",.", ".,"))
    fmt = Format(language=language, zone=dt.UTC, currency="EUR", country="DE")  # type: ignore[arg-type]
    assert read_number(neutral(text, sign), fmt) == figure
