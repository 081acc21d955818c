"""Finding what was typed with a slip: a letter too few, too many, wrong or swapped with its neighbour.

A word with one slip keeps everything before it and everything behind it. So entries that contain both, for one of the places
where the slip may be, are taken from the trigram index: all letters but one or two are in the question, and five thousand newer
entries that share a common piece ("hender…") do not stand before the one that was meant. Where that finds too little, and for
several words at once, is asked for one half of each word, or its middle. Newest first, a bounded number, compared letter by
letter (Damerau-Levenshtein, restricted: rapidfuzz's OSA). No index of its own, nothing to keep up to date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from django.db.models import Q, QuerySet
from rapidfuzz.distance import OSA

#: Words shorter than this are too short to tell a slip from another word.
SHORTEST = 4
#: Entries that are compared at most.
MOST = 900
#: The shortest part that a trigram index can be asked for.
_PART = 3

#: Ways in which a word may stand in an entry: as one part, or as two with a slip between them.
Ways = list[tuple[str, ...]]


def almost_whole(word: str) -> Ways:
    """All letters but those of one slip: what stands before and behind it, or the word with two neighbours swapped back. The
    first letter is rarely wrong."""
    if not _may_slip(word):
        return [(word,)]
    every = [parts for parts in _around(word) if _letters(parts) >= len(word) - 2]
    every += [(word[:at] + word[at + 1] + word[at] + word[at + 2 :],) for at in range(1, len(word) - 1)]
    return _without_needless(list(dict.fromkeys(every))) or [(word,)]


def _without_needless(every: Ways) -> Ways:
    """What another way asks for less of makes a way needless; of two that ask for the same (as in "aaaa") one stays."""
    return [
        one for at, one in enumerate(every)
        if not any(_weaker(other, one) and (before < at or not _weaker(one, other))
                   for before, other in enumerate(every) if before != at)
    ]  # fmt: skip


def most_of(word: str) -> Ways:
    """The same where one side of the slip is too short to be asked for: the other side alone."""
    return [parts for parts in _around(word) if _letters(parts) == len(word) - 3] or [(word,)]


def _around(word: str) -> Ways:
    """What stands before and behind each letter but the first, as far as an index can be asked for it."""
    if not _may_slip(word):
        return []
    found = [tuple(part for part in (word[:at], word[at + 1 :]) if len(part) >= _PART) for at in range(1, len(word))]
    return [parts for parts in found if parts]


def _may_slip(word: str) -> bool:
    return len(word) >= SHORTEST and not any(c.isdigit() for c in word)


def _letters(parts: tuple[str, ...]) -> int:
    return sum(map(len, parts))


def _weaker(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return all(any(part in whole for whole in other) for part in one)


def halves(word: str) -> Ways:
    """Parts of the word of which one is whole however the word was mistyped once; the word itself where it is short."""
    if not _may_slip(word):
        return [(word,)]
    half, size = len(word) // 2, max(3, len(word) // 2)
    found = [word[:size], word[-size:]]
    if len(word) >= 6:
        found.append(word[half - size // 2 : half - size // 2 + size])
    return [(part,) for part in dict.fromkeys(found) if len(part) >= _PART]


#: What one word is asked for in turn until there is enough, and how many entries are compared: those that have all letters but
#: one or two are hardly ever others.
FOR_ONE: Sequence[tuple[Callable[[str], Ways], int]] = ((almost_whole, 240), (most_of, 300), (halves, 300))
#: Several words are seldom there together, so that their halves are enough, and cheaper; unless there are too many.
FOR_MORE: Sequence[tuple[Callable[[str], Ways], int]] = ((halves, MOST), (almost_whole, 240), (most_of, 300))


def as_match(words: Sequence[str], ways: Callable[[str], Ways]) -> str:
    """The words, each in one of its ways, in the language of FTS5."""
    return " AND ".join("(" + " OR ".join(_together(parts) for parts in ways(word)) + ")" for word in words)


def _together(parts: Sequence[str]) -> str:
    """One part, or two with a slip between them: each letter is a token of the trigram index, so that what is near stands in
    one word (a slip of up to two letters, and the two tokens that reach over it)."""
    each = [quoted(part) for part in parts]
    return each[0] if len(each) == 1 else f"NEAR({' '.join(each)}, 4)"


def quoted(text: str) -> str:
    """A text as it stands, in the language of FTS5."""
    return '"' + text.replace('"', '""') + '"'


def as_filter(rows: QuerySet, words: Sequence[str], ways: Callable[[str], Ways]) -> QuerySet:
    """The same for PostgreSQL's trigram index."""
    for word in words:
        either = Q()
        for parts in ways(word):
            # With a slip between two parts, PostgreSQL takes the trigrams of both from the pattern.
            either |= Q(text__contains=parts[0]) if len(parts) == 1 else Q(text__regex=".{0,2}".join(map(re.escape, parts)))
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
