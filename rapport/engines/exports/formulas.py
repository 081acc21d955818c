"""Cells that a spreadsheet would take for a formula: marked when written, unmarked when read, so that nothing is lost."""

from __future__ import annotations

import re

#: First sign that is not blank, invisible or a mark of ours: = + - @ tab CR LF, and their full-width and small forms.
_DANGEROUS = re.compile(
    r"[\s'\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"
    r"|[\t\r\n]"
)
#: Signed figures and telephone numbers are no formulas.
_FIGURE = re.compile(r"[+-]?[0-9(][0-9 ().,/-]*")


def defended(text: str) -> str:
    """The cell with a "'" in front where a spreadsheet might run it."""
    if text and not text[0].isalnum() and _DANGEROUS.match(text) and not _FIGURE.fullmatch(text):
        return "'" + text
    return text


def undefended(text: str) -> str:
    """The cell as it was before `defended`."""
    if text[:1] == "'" and _DANGEROUS.match(text, 1):
        return text[1:]
    return text
