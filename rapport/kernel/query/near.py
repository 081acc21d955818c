"""Finding what was typed with a slip: a letter too few, too many, wrong or swapped with its neighbour.

A word with one slip keeps one of its halves whole (or its middle, when the slip lies between the halves). So entries
that contain a piece of each word are taken from the trigram index, newest first and a bounded number, and compared
letter by letter (Damerau-Levenshtein, restricted: rapidfuzz's OSA). No index of its own, nothing to keep up to date.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from rapidfuzz.distance import OSA

#: Words shorter than this are too short to tell a slip from another word.
SHORTEST = 4
#: Entries that are compared at most.
MOST = 900


def pieces(word: str) -> list[str]:
    """Parts of the word of which one is whole however the word was mistyped once; the word itself where it is short."""
    if len(word) < SHORTEST or any(c.isdigit() for c in word):
        return [word]
    half, size = len(word) // 2, max(3, len(word) // 2)
    found = [word[:size], word[-size:]]
    if len(word) >= 6:
        found.append(word[half - size // 2 : half - size // 2 + size])
    return list(dict.fromkeys(part for part in found if len(part) >= 3))


def as_match(words: Sequence[str]) -> str:
    """The words, each by one of its pieces, in the language of FTS5."""
    return " AND ".join("(" + " OR ".join('"' + p.replace('"', '""') + '"' for p in pieces(word)) + ")" for word in words)


def as_filter(rows: QuerySet, words: Sequence[str]) -> QuerySet:
    """The same for PostgreSQL's trigram index."""
    for word in words:
        either = Q()
        for piece in pieces(word):
            either |= Q(text__contains=piece)
        rows = rows.filter(either)
    return rows


def likeness(words: Sequence[str], text: str) -> float:
    """How like the words are to words of the text, 0 to 1: the least like of them counts; 0 where one has no like.

    A word that is begun counts as the beginning of a longer one. Up to seven letters forgive one slip, longer ones two.
    """
    there = text.split()
    return min((_best(word, there) for word in words), default=0.0)


def _best(word: str, there: Sequence[str]) -> float:
    slips = 0 if len(word) < SHORTEST or any(c.isdigit() for c in word) else 1 if len(word) < 8 else 2
    best = 0.0
    for other in there:
        if word in other:
            return 1.0
        # The first letter is rarely wrong, and comparing only words that share it keeps "Anna" from meeting "Hanna".
        for whole in {other, other[: len(word)], other[: len(word) + 1]} if other[:1] == word[:1] else ():
            distance = OSA.distance(word, whole, score_cutoff=slips)
            if distance <= slips:
                best = max(best, 1 - distance / max(len(word), len(whole)))
    return best
