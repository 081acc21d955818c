"""The vocabulary of the text form of filters: how operators and values are spelled, read and printed."""

from __future__ import annotations

import re

from rapport.kernel.query.tree import ME, RESERVED, Me, Relative, Scalar

SYMBOLS = {"=": "is", "!=": "is_not", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
TEXT_OF_OP = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts": "starts with",
    "ends": "ends with",
    "empty": "is empty",
    "not_empty": "is not empty",
    "in": "is any of",
    "not_in": "is none of",
    "has": "has",
    "has_any": "has any of",
    "between": "between",
}
#: Spellings in words, longest first, so that "is not empty" wins over "is not" and "is".
SPELLINGS: list[tuple[tuple[str, ...], str]] = sorted(
    [(tuple(text.split()), op) for op, text in TEXT_OF_OP.items()]
    + [(("before",), "<"), (("on", "or", "before"), "<="), (("after",), ">"), (("on", "or", "after"), ">=")],
    key=lambda spelling: -len(spelling[0]),
)

RELATIVE = re.compile(
    r"today(?:[+-][0-9]{1,7}[dwmy])?|now(?:[+-][0-9]{1,7}[hdwmy])?|(?:last|this|next)_(?:week|month|year)"
)
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
#: Whole numbers that come out as they went in; "007" and very long ones stay text.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
    r"|[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
)
_PLAIN = re.compile(r"[^\W\d_]\w*")
#: Words that are always quoted when they are values, so that nobody has to wonder.
_GRAMMAR_WORDS = RESERVED.union(*(words for words, _op in SPELLINGS)) | {"all", "any"}


def bare_value(text: str) -> Scalar:
    """What a value without quotes means."""
    word = text.lower()
    if word in ("true", "yes", "false", "no"):
        return word in ("true", "yes")
    if word == "me":
        return ME
    if RELATIVE.fullmatch(word):
        return Relative.parse(word)
    return int(text) if _INTEGER.fullmatch(text) else text


def show_value(value: Scalar) -> str:
    """A value as `bare_value` or the reader of quoted text takes it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Me):
        return "me"
    if not isinstance(value, str):
        return str(value)
    if value.lower() not in _GRAMMAR_WORDS and _reads_as_itself(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reads_as_itself(value: str) -> bool:
    if _PLAIN.fullmatch(value) or NUMBER.fullmatch(value) or _MOMENT.fullmatch(value):
        return bare_value(value) == value
    return False
