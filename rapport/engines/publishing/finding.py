"""Finding texts on the shelf by words: a search, suggestions while somebody types, and what fits a whole message.

An index of words in the database, the same on both: each word leads to the texts it says most of. A word that stands in
more texts than `_LOOKED_AT` counts little and is cut there, so a search costs the same among 10 texts and among 10,000.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from rapport.engines.publishing.models import ShelfWord, Shelved
from rapport.engines.publishing.words import STEM, stems

_LOOKED_AT = 200
#: Words of a search, and of a longer message, that are looked for.
_MOST_ASKED, _MOST_OF_MESSAGE = 6, 12
_CANDIDATES = 60
#: Letters of a word that is still being typed before texts are suggested.
_BEGUN = 2


@dataclass(frozen=True)
class Found:
    """A text that fits, and how well."""

    record_id: UUID
    slug: str
    title: str
    summary: str
    language: str
    score: float


def find(
    workspace_id: UUID, audiences: Sequence[str], language: str, text: str, *, limit: int = 20, is_begun: bool = False
) -> list[Found]:
    """Texts for a few words, the best first. `is_begun`: the last word is still being typed."""
    words = list(dict.fromkeys(stems(text[:200])))[:_MOST_ASKED]
    return _best(workspace_id, audiences, language, words, limit, begun=words[-1] if words and is_begun else "")


def fitting(workspace_id: UUID, audiences: Sequence[str], language: str, text: str, *, limit: int = 5) -> list[Found]:
    """Texts for what somebody wrote: a message, a subject, a question. Its longest words say most."""
    words = list(dict.fromkeys(stems(text[:4000])))
    told = sorted((one for one in words if len(one) > 3), key=lambda one: (-len(one), words.index(one)))
    return _best(workspace_id, audiences, language, told[:_MOST_OF_MESSAGE] or words[:3], limit)


def _best(
    workspace_id: UUID, audiences: Sequence[str], language: str, words: list[str], limit: int, begun: str = ""
) -> list[Found]:
    rows = ShelfWord.objects.filter(workspace_id=workspace_id, language=language)
    rows = rows.filter(audience=audiences[0]) if len(audiences) == 1 else rows.filter(audience__in=audiences)
    worth: dict[str, float] = {}
    scores: dict[UUID, float] = defaultdict(float)
    for word in words:
        if word == begun and _BEGUN <= len(word) < STEM:
            got = rows.filter(word__gte=word, word__lt=word + "\U0010ffff").order_by("word")
        else:
            got = rows.filter(word=word).order_by("-weight", "record_id")
        pairs = list(got.values_list("record_id", "weight")[:_LOOKED_AT])
        worth[word] = math.log(1 + 2 * _LOOKED_AT / max(1, len(pairs)))
        for record_id, weight in pairs:
            # A second mention says less than the first.
            scores[record_id] += worth[word] * (1 + math.log(weight))
    ids = sorted(scores, key=lambda one: (-scores[one], str(one)))[:_CANDIDATES]
    shelved = Shelved.objects.filter(workspace_id=workspace_id, audience__in=audiences, record_id__in=ids) if ids else ()
    there = {one.record_id: one for one in (shelved.defer("html") if ids else ())}  # type: ignore[union-attr]
    return [
        Found(pk, there[pk].slug, there[pk].title, there[pk].summary, there[pk].language, scores[pk])
        for pk in ids if pk in there
    ][:limit]  # fmt: skip
