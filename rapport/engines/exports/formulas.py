"""Cells that a spreadsheet would take for a formula: marked when written, unmarked when read, so that nothing is lost."""

from __future__ import annotations

import re

#: First sign that is not blank or a mark of ours: = + - @ tab CR, and their full-width forms.
_DANGEROUS = re.compile(r"[\s']*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|[\t\r]")
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
