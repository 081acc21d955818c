"""Files as they come: encodings, separators, broken lines, and what is no table at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.engines.imports.reader import open_table
from rapport.kernel.errors import Invalid
from tests.imports.conftest import Importer, names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_usual_encodings_are_found(bring: Importer, encoding: str) -> None:
    """Umlauts arrive whole whatever the file was saved as; a guess is said aloud."""
    report = bring("Name;Branche\nMüller & Söhne;Größe\nÅse Ærø;x\n".encode(encoding))
    assert names() == ["Müller & Söhne", "Åse Ærø"]
    assert bool(report.table.notes) == (encoding == "cp1252")


def test_a_named_encoding_wins(bring: Importer) -> None:
    bring("name\nŁódź\n".encode("cp1250"), encoding="cp1250")
    assert names() == ["Łódź"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators_are_found(bring: Importer, delimiter: str) -> None:
    bring(f'name{delimiter}industry\n"A{delimiter} B"{delimiter}x\nC{delimiter}"says ""hi""\nand more"\n')
    assert names() == ["A  B" if delimiter == "\t" else f"A{delimiter} B", "C"]


def test_what_excel_adds_is_understood(bring: Importer) -> None:
    """The line "sep=;", line ends of Windows, empty lines and empty lines of separators only."""
    bring("sep=;\r\nname;industry\r\nFern;x\r\n\r\n;\r\n")
    assert names() == ["Fern"]


NO_TABLES = {
    "zip": (b"PK\x03\x04" + b"\0" * 100, "Excel"), "pdf": (b"%PDF-1.7 ...", "PDF"), "empty": (b"", "empty"), "blank": (b" \n\n", "empty"),
    "binary": (bytes(range(256)) * 40, "binary"), "nul": (b"name\nFern\0\n" * 3, "binary"),
    "utf16cut": ("name\nFern\n".encode("utf-16") + b"\x00", "utf-16"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TABLES)
def test_other_files_are_named(bring: Importer, name: str) -> None:
    """A sentence that says what the file is."""
    content, word = NO_TABLES[name]
    with pytest.raises(Invalid, match=word):
        bring(content)
    assert names() == []


def test_no_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no file"):
        open_table(tmp_path / "nothing.csv")
    with pytest.raises(Invalid, match="folder"):
        open_table(tmp_path)
    (tmp_path / "x").write_text("a,b\n")
    with pytest.raises(Invalid, match="encoding"):
        open_table(tmp_path / "x", encoding="klingon")


def test_headers_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,name,,name (2)\n1,2,3,4\n")
    assert open_table(tmp_path / "x.csv").header == ["name", "name (2)", "column 3", "name (2) (2)"]


def test_ragged_lines_are_rejected_and_the_rest_taken(bring: Importer) -> None:
    """Too few and too many cells, with the line number; extra empty cells do no harm."""
    report = bring("name,industry\nA,x\nB\nC,x,y\nD,x,,\n")
    assert names() == ["A", "D"] and report.total.rejected == 2
    assert report.rejected is not None
    text = report.rejected.read_text(encoding="utf-8-sig")
    assert "Line 3" in text and "Line 4" in text and "1 cells" in text


def test_an_unclosed_quote_swallows_nothing_silently(bring: Importer) -> None:
    lines = "".join(f"N{n},x\n" for n in range(3000))
    report = bring(f'name,industry\nA,x\n"B,x\n{lines}')
    assert names() == ["A"] and report.total.rejected == 1
    assert report.rejected is not None and "quote" in report.rejected.read_text(encoding="utf-8-sig")


def test_a_cell_of_a_million_characters_is_rejected(bring: Importer) -> None:
    report = bring("name,industry\nA,x\n" + "B" * 1_000_000 + ",x\nC,x\n")
    assert names() == ["A", "C"] and report.total.rejected == 1
    assert report.rejected is not None and "1000000 characters" in report.rejected.read_text(encoding="utf-8-sig")[-300:]
