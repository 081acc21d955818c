"""Plain text made comparable and storable, for every kind that takes words."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

#: Line breaks and tabs that one line of text turns into spaces.
_BREAKS = re.compile(r"[\t\n\v\f\r\u0085\u2028\u2029]+")
#: Control characters and lone surrogates: no database stores them alike, so they are refused.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
#: Marks that only turn the reading direction; they hide what a text really says.
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
#: Longest text that a filter may hold; SQLite refuses LIKE patterns over 50,000 bytes.
LONGEST_FILTER = 1000


def one_line(value: object, limit: int) -> str:
    """Text in one line: NFC, stripped, without control characters, at most `limit` long; "" when nothing is left."""
    if not isinstance(value, str):
        raise Invalid(_("Give text here."), code="not_text")
    if not (value.isascii() and value.isprintable()):
        value = printable(_BREAKS.sub(" ", value))
    value = value.strip()
    check_length(value, limit)
    return value


def without_controls(text: str) -> str:
    """Foreign text (a message that came in) without the characters that are refused to those who type."""
    return _CONTROLS.sub("", text)


def printable(value: str) -> str:
    """NFC text without direction marks; refuses control characters."""
    if _CONTROLS.search(value):
        raise Invalid(_("Remove the control characters; they cannot be kept."), code="control_characters")
    if not value.isascii():
        value = _DIRECTION.sub("", value)
        if not unicodedata.is_normalized("NFC", value):
            value = unicodedata.normalize("NFC", value)
    return value


def check_length(value: str, limit: int) -> None:
    """Refuse what is too long, with both lengths; nothing is ever cut off."""
    if len(value) > limit:
        raise Invalid(
            _("This has %(length)d characters; at most %(limit)d fit.") % {"length": len(value), "limit": limit},
            code="too_long",
        )


def excerpt(value: object, limit: int = 60) -> str:
    """What was given, short enough to stand in a sentence."""
    text = value if isinstance(value, str) else str(value)
    text = "".join(ch if ch.isprintable() else " " for ch in text[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "…"


def filter_text(value: object) -> str:
    """The text of a filter value; refuses nothing but what no text can equal."""
    if isinstance(value, (bool, list, dict)) or value is None:
        raise Invalid(_("Give text here."), code="not_text")
    return one_line(str(value), LONGEST_FILTER)
