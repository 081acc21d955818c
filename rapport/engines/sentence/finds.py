"""What can be recognised in a line whatever the business: e-mails, phones, web addresses, amounts, days and times."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning
from rapport.kernel.kinds.date import read_date
from rapport.kernel.kinds.email import read_email
from rapport.kernel.kinds.money import MoneyKind

#: Longest line that is read; longer text is a note, not a line.
LONGEST = 1000
_MAIL = re.compile(r"[^\s,;<>()\"]+@[^\s,;<>()\"]+\.[^\s,;<>()\".]{2,}")
_WEB = re.compile(r"\b(?:https?://|www\.)[^\s,;<>\"]+", re.IGNORECASE)
_FIGURE = r"\d[\d.,'’\u00a0\u202f]*\d|\d"
_SIGN = r"[€$£¥]|\b(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN)\b"
_MONEY = re.compile(rf"(?:(?:{_SIGN})\s?(?:{_FIGURE})\s?k?\b)|(?:(?:{_FIGURE})\s?k?\s?(?:{_SIGN}))", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)\s?k\b", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;]+")
#: "at 9", "um 14:30 Uhr", "à 9h", "a las 9", "9am", "14:30".
_TIME = re.compile(
    r"(?:(?:\b(?:at|um|a las|a la|à|@)\s*)(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|uhr|h)?\b)"
    r"|(?:\b(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|uhr)\b)|(?:\b(\d{1,2})[:h](\d{2})\b)",
    re.IGNORECASE,
)
#: Words that may stand before a day and belong to it.
_BEFORE_DAY = frozenset(["on", "by", "until", "am", "bis", "le", "pour", "el", "para", "the", "den", "der"])
_LONGEST_DAY = 5


@dataclass(frozen=True)
class Find:
    """Something recognised: where it stands in the line, what it is, and its value."""

    start: int
    end: int
    kind: str
    value: object


def find_all(text: str, cleaning: Cleaning) -> list[Find]:
    """Everything recognised, in order and without overlaps; the surest kinds are taken first."""
    found: list[Find] = []
    for finder in (_mails, _webs, _amounts, _phones, _days):
        for one in finder(text, cleaning, found):
            if not any(one.start < other.end and other.start < one.end for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.start)


def _mails(text: str, cleaning: Cleaning, found: list[Find]) -> Iterator[Find]:
    for match in _MAIL.finditer(text):
        if address := read_email(match[0]):
            yield Find(match.start(), match.end(), "email", address)


def _webs(text: str, cleaning: Cleaning, found: list[Find]) -> Iterator[Find]:
    for match in _WEB.finditer(text):
        yield Find(match.start(), match.start() + len(match[0].rstrip(".")), "web", match[0].rstrip("."))


def _amounts(text: str, cleaning: Cleaning, found: list[Find]) -> Iterator[Find]:
    for match in _MONEY.finditer(text):
        words = match[0]
        try:
            amount = MoneyKind().parse(_THOUSANDS.sub("", words), cleaning)
        except Invalid:
            continue
        if amount is not None and _THOUSANDS.search(words):
            amount = type(amount)(amount.minor * 1000, amount.currency)
        yield Find(match.start(), match.end(), "money", amount)


def _phones(text: str, cleaning: Cleaning, found: list[Find]) -> Iterator[Find]:
    country = cleaning.format.country or None
    for match in phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.POSSIBLE):
        # A date such as 2026-11-22 has the shape of a number too.
        if re.fullmatch(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}", match.raw_string) or match.end - match.start < 6:
            continue
        yield Find(match.start, match.end, "phone", match.raw_string)


def _days(text: str, cleaning: Cleaning, found: list[Find]) -> Iterator[Find]:
    """Days, with the time beside them; a time alone is today, or tomorrow when it has passed."""
    times = [(m.start(), m.end(), at) for m in _TIME.finditer(text) if (at := _time(m)) is not None]
    taken: set[int] = set()
    for start, end, day in _plain_days(text, cleaning):
        near = next((t for t in times if _touches(text, start, end, t[0], t[1])), None)
        if near:
            taken.add(near[0])
            start, end = min(start, near[0]), max(end, near[1])
        yield Find(start, end, "when", (day, near[2] if near else None))
    now = cleaning.format.now.astimezone(cleaning.format.zone)
    for start, end, at in times:
        if start not in taken:
            yield Find(start, end, "when", (now.date() + dt.timedelta(days=int(at <= now.time())), at))


def _plain_days(text: str, cleaning: Cleaning) -> Iterator[tuple[int, int, dt.date]]:
    """The longest runs of words that are a day; a run does not go over a comma."""
    words = [(m.start(), m.end(), m[0]) for m in _WORD.finditer(text)]
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_DAY, len(words) - at), 0, -1):
            start, end = words[at][0], words[at + length - 1][1]
            if day := _day(text[start:end], cleaning):
                yield start, end, day
                at += length - 1
                break
        at += 1


def _day(words: str, cleaning: Cleaning) -> dt.date | None:
    # Figures alone ("2", "2026") are counts, not days.
    if "," in words or words.isdigit():
        return None
    first, _space, rest = words.partition(" ")
    for shape in (words, rest if first.casefold() in _BEFORE_DAY else ""):
        try:
            if shape:
                return read_date(shape.rstrip(".!?"), cleaning.format)
        except Invalid:
            continue
    return None


def _time(match: re.Match[str]) -> dt.time | None:
    hour, minute, half = (match[1] or match[4] or match[7]), (match[2] or match[5] or match[8] or "0"), match[3] or match[6]
    figure = int(hour) % 12 + 12 * (half.casefold() == "pm") if half and half.casefold() in ("am", "pm") else int(hour)
    return dt.time(figure, int(minute)) if figure < 24 and int(minute) < 60 else None


def _touches(text: str, start: int, end: int, other_start: int, other_end: int) -> bool:
    between = text[end:other_start] if other_start >= end else text[other_end:start]
    return (other_start >= end or other_end <= start) and not between.strip()
