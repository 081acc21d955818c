"""Names as they are compared: folded, without legal forms and titles, in no order."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from rapport.kernel.text_folding import fold

#: Legal forms of companies and titles of people, folded: they tell nobody from anybody.
NOISE = frozenset(
    "gmbh mbh ag kg ohg ug gbr se ev eg co cokg ltd limited llc llp lp plc inc incorporated corp corporation company sarl sas"
    " sasu sa eurl sci srl srls spa snc sl slu slne bv nv vof cv ab as asa aps oy oyj kft zrt doo dd sp zoo pty pte"
    " kk ltda lda sro sia uab ou teo teoranta cpt dac clg uc mr mrs ms miss dr prof herr frau mme mlle sr sra dott ing dipl"
    " the and und et y e und der die das".split()
)
_SPLIT = re.compile(r"[^\w]+", re.UNICODE)
#: "G.m.b.H." and "S. A. R. L." are one word.
_DOTTED = re.compile(r"\b(?:\w\.\s?){2,}")
#: O'Connor and O’Connor are one word as well.
_QUOTE = re.compile("['’`´ʼ]")


@lru_cache(maxsize=65536)
def words_of(text: str) -> tuple[str, ...]:
    """The words that make a name, sorted. A name of nothing but legal forms keeps them."""
    joined = _DOTTED.sub(lambda found: found[0].replace(".", "").replace(" ", "") + " ", text)
    every = [word for word in _SPLIT.split(_QUOTE.sub("", fold(joined))) if word]
    found = [word for word in every if word not in NOISE]
    return tuple(sorted(found or every))


def alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How alike two names are, 0 to 100: letters of the sorted words, words that agree, and words written as one."""
    if not one or not other:
        return 0.0
    if one == other:
        return 100.0
    first, second = " ".join(one), " ".join(other)
    best = max(fuzz.ratio(first, second), fuzz.ratio(first.replace(" ", ""), second.replace(" ", "")) - 2)
    if best < 97 and len(one) > 1 and len(other) > 1:
        by_words, worst = _by_words(one, other)
        best = max(best, by_words)
        if worst < 50:
            # One word is another altogether (a first name of the same family), however long the others are.
            best = min(best, 73.0)
    return best


def _by_words(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[float, float]:
    """Each word of the shorter name beside its best partner, and the worst of these; an initial stands for its word."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    left, total, worst = list(long), 0.0, 100.0
    for word in short:
        partner, likeness = "", 0.0
        for candidate in left:
            if len(word) == 1 or len(candidate) == 1:
                found = 88.0 if word[0] == candidate[0] else 0.0
            else:
                found = fuzz.ratio(word, candidate)
            if found > likeness:
                partner, likeness = candidate, found
        if partner:
            left.remove(partner)
        total += likeness
        worst = min(worst, likeness)
    # A word too many on one side (a second first name) counts a little against.
    return total / len(short) - 7.0 * (len(long) - len(short)), worst


@lru_cache(maxsize=65536)
def sound_of(word: str) -> str:
    """A word by its sound, roughly: the first letter, then the consonants that are told apart by ear."""
    text = word
    for given, heard in _SOUNDS:
        text = text.replace(given, heard)
    first, rest = text[:1], text[1:].translate(_SILENT)
    found = [first]
    for letter in rest:
        if letter != found[-1]:
            found.append(letter)
    return "".join(found)[:5]


_SOUNDS = (
    ("sch", "s"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("cz", "s"), ("tz", "s"), ("sz", "s"), ("z", "s"), ("c", "k"),
    ("q", "k"), ("x", "ks"), ("w", "v"), ("dt", "t"), ("d", "t"), ("b", "p"), ("g", "k"), ("y", "i"), ("j", "i"),
)  # fmt: skip
_SILENT = str.maketrans("", "", "aeiouh'-")
