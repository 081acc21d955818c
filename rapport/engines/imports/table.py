"""What every reader gives: a table of text cells under a header, line by line, however the file was written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

if TYPE_CHECKING:
    import io

#: Above any real table; a file with more is no table, or means harm.
MOST_COLUMNS, LONGEST_NAME = 2000, 1000
_BLOCK = 1 << 20
_FIGURES = re.compile(r"[\s()+\-−–\d.,:/€$£%]*\d[\s()+\-−–\d.,:/€$£%]*")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class JsonText(str):
    """A cell that was a list or an object of JSON; its kind takes `value` as the API would."""

    __slots__ = ()

    @property
    def value(self) -> object:
        """What stood in the file."""
        return orjson.loads(str(self))


@dataclass
class Line:
    """One row of the table: its line number in the file and its cells; `wrong` says why it cannot be used."""

    number: int
    cells: list[str]
    wrong: str = ""


@dataclass
class Reading:
    """How a file is to be read, as a person wants it; what is empty is found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    #: Whether the first row names the columns; None: find out.
    has_header: bool | None = None

    def as_json(self) -> dict[str, object]:
        """For keeping."""
        return {"encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet, "has_header": self.has_header}

    @classmethod
    def of(cls, data: object) -> Reading:
        """From what was kept or sent; raises Invalid for anything else."""
        data = data if isinstance(data, dict) else {}
        texts = {key: data.get(key) or "" for key in ("encoding", "delimiter", "sheet")}
        header = data.get("has_header")
        if set(data) - {*texts, "has_header"} or not all(isinstance(one, str) for one in texts.values()):
            raise Invalid(_("How a file is read is said with “encoding”, “delimiter”, “sheet” and “has_header”."))
        if len(texts["delimiter"]) > 1 or not (header is None or isinstance(header, bool)):
            raise Invalid(_("A delimiter is one sign, such as “;”, and “has_header” is true or false."))
        return cls(has_header=header, **texts)


@dataclass
class Table:
    """A file found readable: how it is read, and its header."""

    path: Path
    encoding: str = "utf-8"
    delimiter: str = ","
    header: list[str] = field(default_factory=list)
    size: int = 0
    digest: str = ""
    #: Decisions that a person should know of (a guessed encoding).
    notes: list[str] = field(default_factory=list)
    #: How much has been read, for progress.
    bytes_read: int = 0
    #: "csv", "sheet", "cards", "jsonl".
    kind: str = "csv"
    has_header: bool = True
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""
    #: Cells were numbers and days in the file, not texts: a point is a decimal point, days are year-month-day.
    is_typed: bool = False
    #: The decimal sign in which its figures come, where cells are numbers.
    decimal: str = "."

    def lines(self) -> Iterator[Line]:
        """The rows below the header, in order; blank ones are left out."""
        raise NotImplementedError


def column_names(row: Sequence[str], path: Path) -> list[str]:
    """Column names: stripped, and told apart where two are alike or one is empty."""
    if max((len(cell) for cell in row), default=0) > LONGEST_NAME or len(row) > MOST_COLUMNS:
        raise Invalid(_("The first line of %(path)s is no header of a table.") % {"path": path})
    found: list[str] = []
    for at, cell in enumerate(row, start=1):
        name = " ".join(cell.split()) or _("column %(number)d") % {"number": at}
        same = sum(1 for other in found if other == name or re.fullmatch(re.escape(name) + r" \(\d+\)", other))
        found.append(f"{name} ({same + 1})" if same else name)
    return found


def looks_like_header(row: Sequence[str]) -> bool:
    """Whether a first row names columns: words, and nothing that only data looks like."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return not any(_ADDRESS.fullmatch(cell) or _FIGURES.fullmatch(cell) for cell in cells)


def fingerprint(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


class Counting:
    """Counts what is read from a binary file into the table, for progress."""

    def __init__(self, raw: io.BufferedReader, table: Table) -> None:
        self.raw, self.table = raw, table
        table.bytes_read = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self.raw:
            self.table.bytes_read += len(line)
            yield line
