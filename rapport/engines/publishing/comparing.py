"""Two texts side by side, line by line, with the words that differ."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """One line of both: `how` is same, changed, gone (left only) or new (right only)."""

    left: str
    right: str
    how: str


def side_by_side(one: str, other: str) -> list[Pair]:
    """The lines of both texts, those that belong together beside each other."""
    left, right = one.splitlines(), other.splitlines()
    found: list[Pair] = []
    for how, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if how == "equal":
            found += [Pair(line, line, "same") for line in left[a:b]]
            continue
        for at in range(max(b - a, d - c)):
            old = left[a + at] if a + at < b else ""
            new = right[c + at] if c + at < d else ""
            has_old, has_new = a + at < b, c + at < d
            found.append(Pair(old, new, "changed" if has_old and has_new else "gone" if has_old else "new"))
    return found
