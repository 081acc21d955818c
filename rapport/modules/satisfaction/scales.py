"""The three scales: their numbers, words, usual question, and the formulas of their figures with where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from rapport.modules.satisfaction.models import Survey


@dataclass(frozen=True)
class Scale:
    """First and last number, what they mean, up to which a score is low, and the question that is asked if none is typed."""

    first: int
    last: int
    low: int
    low_words: object
    high_words: object
    question: object


SCALES: Mapping[str, Scale] = {
    "csat": Scale(1, 5, 2, _("Very dissatisfied"), _("Very satisfied"), _("How satisfied are you with our help?")),
    "nps": Scale(
        0, 10, 6, _("Not at all likely"), _("Extremely likely"),
        _("How likely are you to recommend us to a friend or colleague?"),
    ),
    "ces": Scale(
        1, 7, 3, _("Strongly disagree"), _("Strongly agree"), _("How far do you agree: “It was easy to get my issue handled”?")
    ),
    "help": Scale(0, 1, 0, _("No"), _("Yes"), _("You read our articles. Did they solve it?")),
}  # fmt: skip
#: A figure stands only on so many answers; fewer say more about the one who answered than about us.
FEWEST = 5
#: From which score on an answer counts as satisfied, a promoter; up to which as a detractor.
SATISFIED, PROMOTER, DETRACTOR = 4, 9, 6


def csat(satisfied: int, answers: int) -> float | None:
    """The share of 4 and 5 among all answers, in percent ("top two boxes")."""
    return 100 * satisfied / answers if answers >= FEWEST else None


def nps(promoters: int, detractors: int, answers: int) -> float | None:
    """Promoters (9, 10) less detractors (0 to 6), in points from -100 to 100.

    Frederick F. Reichheld, The One Number You Need to Grow, Harvard Business Review, December 2003.
    """
    return 100 * (promoters - detractors) / answers if answers >= FEWEST else None


def ces(total: int, answers: int) -> float | None:
    """The mean of 1 to 7.

    Dixon, Freeman, Toman, Stop Trying to Delight Your Customers, Harvard Business Review, July 2010; asked as agreement from
    1 to 7, as its authors have done since 2013, so that more is better.
    """
    return total / answers if answers >= FEWEST else None


def low_up_to(survey: Survey) -> int:
    """Up to which score an answer is low."""
    return survey.low if survey.low is not None else SCALES[survey.kind].low


def wordings(text: str) -> dict[str, str]:
    """Questions by language, from lines such as "de: Wie zufrieden sind Sie?"."""
    found = {}
    for line in text.splitlines():
        code, colon, words = line.partition(":")
        if colon and words.strip():
            found[code.strip().lower()] = words.strip()
    return found
