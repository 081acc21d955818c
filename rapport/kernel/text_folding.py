"""Folding text so that "É", "e" and "E" meet: used for search, sorting by title, and matching typed names."""

from __future__ import annotations

import unicodedata

#: Letters that Unicode does not decompose but people type without their mark.
_EXTRA = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th"})


def fold(text: str) -> str:
    """Casefolded text without accents and with single spaces; ASCII text takes a short way (imports fold millions)."""
    if "\0" in text:  # PostgreSQL stores no NUL, so none is looked for either
        text = text.replace("\0", " ")
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_EXTRA))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
