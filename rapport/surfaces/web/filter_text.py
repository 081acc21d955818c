"""Where in the text of a filter something is wrong, so that the page can mark it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapport.kernel.errors import Invalid
from rapport.kernel.query.text import parse
from rapport.surfaces.web.list_state import ListState

_WORD = re.compile(r'"[^"]*"?|\S+?(?=[\s(),]|$)|\S')


@dataclass(frozen=True)
class Place:
    """The text before the mistake, the mistake, and what follows."""

    before: str
    wrong: str
    after: str


def error_place(state: ListState) -> Place | None:
    """The place of the mistake in the filter that was typed; None when there is none or it has no place."""
    if not state.error or not state.filter or not state.has_own_filter:
        return None
    try:
        parse(state.filter)
    except Invalid as wrong:
        # A syntax error ends with the character it is at.
        numbers = re.findall(r"[0-9]+", wrong.sentence)
        return _at(state.filter, int(numbers[-1]) - 1) if numbers and wrong.code == "filter.syntax" else None
    quoted = re.search(r"“([a-z0-9_.]+)”", state.error)
    at = re.search(rf"\b{re.escape(quoted[1])}\b", state.filter) if quoted else None
    return _at(state.filter, at.start()) if at else None


def _at(text: str, start: int) -> Place:
    start = min(max(start, 0), len(text))
    word = _WORD.match(text, start)
    end = word.end() if word else start
    return Place(text[:start], text[start:end], text[end:])
