"""What a first look at a file shows: its columns with samples, how full they are, how it writes days and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rapport.engines.imports.table import Line, Table

#: Lines that the first look reads.
LOOKED_AT = 1_000
_SAMPLES, _LONGEST_SAMPLE, _DISTINCT = 3, 120, 200
_DAY = re.compile(r"\s*(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})(?:[ T].*)?")
_COMMA_DECIMAL = re.compile(r"[^\d]*\d{1,3}(?:[.\s'’]?\d{3})*,\d{1,2}[^\d]*|[^\d]*\d{1,3}(?:\.\d{3}){2,}[^\d]*")
_POINT_DECIMAL = re.compile(r"[^\d]*\d{1,3}(?:[,\s'’]?\d{3})*\.\d{1,2}[^\d]*|[^\d]*\d{1,3}(?:,\d{3}){2,}[^\d]*")


@dataclass
class Column:
    """One column of the file."""

    name: str
    samples: list[str] = field(default_factory=list)
    #: Share of lines with something in it, 0 to 100.
    filled: int = 0
    #: Distinct texts of the first lines, for guessing what the column means; not kept.
    texts: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """For keeping."""
        return {"name": self.name, "samples": self.samples, "filled": self.filled}


@dataclass
class Facts:
    """Everything that the first look found."""

    columns: list[Column]
    #: How many lines there are, as far as one can say without reading all.
    about: int
    date_order: str
    numbers: str
    #: A day such as 03/04/2026 could be either, and nothing in the file tells.
    is_date_open: str = ""


def first_look(table: Table) -> Facts:
    """Read the first lines."""
    lines = list(islice((line for line in table.lines() if not line.wrong), LOOKED_AT))
    columns = [_column(name, at, lines) for at, name in enumerate(table.header)]
    order, doubt = date_order(text for one in columns for text in one.texts)
    numbers = table.decimal if table.is_typed else decimal_sign(text for one in columns for text in one.texts)
    return Facts(columns, _about(table, lines), order, numbers, doubt if not order else "")


def _column(name: str, at: int, lines: Sequence[Line]) -> Column:
    texts = [text for line in lines if at < len(line.cells) and (text := line.cells[at].strip())]
    distinct = list(dict.fromkeys(texts))[:_DISTINCT]
    share = round(100 * len(texts) / len(lines)) if lines else 0
    return Column(name, [text[:_LONGEST_SAMPLE] for text in distinct[:_SAMPLES]], share, distinct)


def _about(table: Table, lines: Sequence[Line]) -> int:
    if len(lines) < LOOKED_AT:
        return len(lines)
    length = sum(sum(len(cell) + 1 for cell in line.cells) for line in lines) / len(lines)
    return max(len(lines), int(table.size / max(length, 1)))


def date_order(texts: Iterable[str]) -> tuple[str, str]:
    """ "dmy", "mdy" or "ymd" when the days prove one and nothing speaks against it; else "" and one that leaves it open."""
    proven: set[str] = set()
    doubt = ""
    for text in texts:
        found = _DAY.fullmatch(text)
        if found is None:
            continue
        first, second, last = (int(found[at]) for at in (1, 3, 4))
        if len(found[1]) == 4:
            proven.add("ymd")
        elif len(found[4]) in (2, 4) and 1 <= first <= 31 and 1 <= second <= 31:
            if first > 12 >= second:
                proven.add("dmy")
            elif second > 12 >= first:
                proven.add("mdy")
            elif first != second:
                doubt = doubt or text.strip()
        del last
    # Year first cannot be mistaken, so it says nothing about the others in the file.
    rest = proven - {"ymd"}
    if len(rest) == 1:
        return rest.pop(), ""
    return ("ymd", "") if proven == {"ymd"} and not doubt else ("", doubt)


def decimal_sign(texts: Iterable[str]) -> str:
    """ "," or "." when the figures of the file prove one of them; "" when they do not, or prove both."""
    comma = point = 0
    for text in texts:
        if len(text) > 30 or sum(map(str.isalpha, text)) > 3 or _DAY.fullmatch(text) or text.count(".") + text.count(",") == 0:
            continue
        comma += _COMMA_DECIMAL.fullmatch(text) is not None and _POINT_DECIMAL.fullmatch(text) is None
        point += _POINT_DECIMAL.fullmatch(text) is not None and _COMMA_DECIMAL.fullmatch(text) is None
    if comma and not point:
        return ","
    return "." if point and not comma else ""
