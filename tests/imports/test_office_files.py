"""LibreOffice and old Excel files as people have them: a title above, several sheets, gaps, figures as numbers and as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from rapport.engines.imports.facts import first_look
from rapport.engines.imports.reader import open_table
from rapport.engines.imports.table import Reading
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.imports.conftest import Importer
from tests.imports.office_files import ods, xls
from tests.imports.test_formats import workbook

Maker = Callable[..., bytes]
FILES = {"book.ods": ods, "book.xls": xls, "book.xlsx": workbook}
TITLE = "Customers of 2026"
#: An empty sheet, then the real one: a title over all columns, an empty line, the columns, gaps between the lines.
SHEETS = {
    "Notes": [], "Kunden": [
        [TITLE, "", "", ""], ["", "", "", ""], ["Name", "Birthday", "Employees", "Turnover"],
        ["Fern", dt.date(1990, 2, 28), 1200, 1234.5], ["", "", "", ""], ["Öak", dt.date(2001, 12, 1), 3, "1.234,50"],
        ["Elm", "", "", "2,5"],
    ],
    "Other": [["Place"], ["Galway"]],
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_sheet_as_people_keep_it(cast: Cast, bring: Importer, name: str) -> None:
    """The title is no header; days are days, numbers are the same amounts whether they are numbers or text with a comma."""
    report = bring(FILES[name](SHEETS), name=name, match="name")
    assert report.table.sheet == "Kunden" and report.table.sheets == list(SHEETS)
    assert report.table.header == ["Name", "Birthday", "Employees", "Turnover"] and TITLE in report.table.notes[0]
    assert (report.total.created, report.total.rejected) == (3, 0)
    rows = {row["name"]: row for row in read_page(cast.ctx("ana"), registry.get("customer")).rows}
    assert rows["Fern"]["birthday"] == dt.date(1990, 2, 28) and rows["Öak"]["birthday"] == dt.date(2001, 12, 1)
    assert rows["Fern"]["employees"] == 1200 and rows["Öak"]["employees"] == 3
    amounts = [rows[one]["turnover"].decimal for one in ("Fern", "Öak", "Elm")]
    assert amounts == [Decimal("1234.5"), Decimal("1234.50"), Decimal("2.50")]


@pytest.mark.parametrize("name", FILES)
def test_another_sheet_and_no_header(tmp_path: Path, name: str) -> None:
    """The sheet that is asked for; told that there is no header, the first line is a line."""
    path = tmp_path / name
    path.write_bytes(FILES[name](SHEETS))
    table = open_table(path, reading=Reading(sheet="Other"))
    assert table.header == ["Place"] and [line.cells for line in table.lines()] == [["Galway"]]
    table = open_table(path, reading=Reading(sheet="Other", has_header=False))
    assert [line.cells for line in table.lines()] == [["Place"], ["Galway"]]


def test_merged_cells_and_days_of_a_libreoffice_file(tmp_path: Path) -> None:
    """A merged title over the columns; yes and no; a number looks as the sheet writes figures, and the first look says so."""
    path = tmp_path / "x.ods"
    path.write_bytes(ods({"A": [["All of them"], ["Name", "Since", "Paid", "Sum"],
                                ["Fern", dt.date(2026, 1, 31), True, 1250.5], ["Oak", None, False, "12,75"]]}, merged=4))  # fmt: skip
    table = open_table(path)
    assert table.header == ["Name", "Since", "Paid", "Sum"] and first_look(table).numbers == ","
    assert [line.cells for line in table.lines()] == [["Fern", "2026-01-31", "yes", "1250,5"], ["Oak", "", "no", "12,75"]]


def test_a_first_column_that_names_itself_only_is_no_title(tmp_path: Path) -> None:
    """One filled cell above figures is the header it was."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbook({"A": [["Name", ""], ["Fern", 3], ["Oak", 4]]}))
    assert open_table(path).header == ["Name"] and len(list(open_table(path).lines())) == 2
