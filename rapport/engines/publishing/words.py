"""Words as they are looked for: folded, and cut so that "invoices" and "invoicing" meet "invoice"."""

from __future__ import annotations

import re
from collections import Counter

from rapport.kernel.text_folding import fold

#: Letters of a word that count; endings differ, beginnings rarely do.
STEM = 6
SHORTEST = 2
#: Distinct words kept of one text; the rest of a novel adds nothing to finding it.
MOST_WORDS = 600
_WORD = re.compile(r"[^\W_]+")
#: What a word weighs by where it stands.
TITLE, KEYWORDS, SUMMARY, BODY = 30, 20, 10, 1
_MOST = 100


def stem(word: str) -> str:
    """The part of a folded word that is looked for."""
    return word[:STEM] if len(word) > STEM else word.rstrip("s") or word


def stems(text: str) -> list[str]:
    """The words of a text in their order, as they are looked for."""
    return [stem(word) for word in _WORD.findall(fold(text)) if len(word) >= SHORTEST]


def weighed(title: str, keywords: str, summary: str, body: str) -> dict[str, int]:
    """How much each word says of a text, the heaviest first."""
    found: Counter[str] = Counter()
    for text, weight in ((title, TITLE), (keywords, KEYWORDS), (summary, SUMMARY), (body, BODY)):
        for word in stems(text):
            found[word] += weight
    return {word: min(weight, _MOST) for word, weight in found.most_common(MOST_WORDS)}
