"""Drawing people, companies, addresses and times at random, but the same for the same seed."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Sequence
from typing import TypeVar

from rapport.engines.sample.places import COUNTRIES, Country
from rapport.engines.sample.trades import BIRDS, Trade
from rapport.kernel.text_folding import fold

T = TypeVar("T")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_LETTERS = "ABCDEFGHJKLNPRSTUWXY"
_WEIGHTS = [country.weight for country in COUNTRIES]
#: Names are kept apart up to this many; beyond it a company may have a namesake, as in life (memory stays flat).
_REMEMBERED = 60_000


class Draw:
    """One stream of chance with the words of the sample; `seen` is shared by the streams of one filling."""

    def __init__(self, seed: object, seen: set[str] | None = None) -> None:
        """The seed may be anything printable; equal seeds draw alike."""
        self.chance = random.Random(str(seed))
        self.seen = seen if seen is not None else set()

    def one(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.chance.random() * len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        """One of the items, the heavy ones more often."""
        return self.chance.choices(items, weights)[0]

    def odds(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.chance.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.chance.random() * (high - low + 1))

    def about(self, expected: float) -> int:
        """A small number whose mean is `expected`."""
        most = expected * 2
        return min(int(self.chance.random() * (most + 1)), int(most + 1))

    def country(self) -> Country:
        """A country, those near by more often."""
        return self.weighted(COUNTRIES, _WEIGHTS)

    def shaped(self, shape: str) -> str:
        """Digits for #, letters for @."""
        return "".join(
            str(int(self.chance.random() * 10)) if c == "#" else self.one(_LETTERS) if c == "@" else c for c in shape
        )

    def phone(self, country: Country, *, mobile: bool) -> dict[str, str]:
        """A number that the country's plan allows."""
        shapes, label = (country.mobile, "mobile") if mobile else (country.landline, "")
        return {"value": self.shaped(self.one(shapes)), "label": label}

    def address(self, country: Country, place: tuple[str, str, str]) -> dict[str, str]:
        """A street in the city."""
        city, postcode, region = place
        line = country.line.format(number=self.between(1, 148), street=self.one(country.streets))
        return {"street": line, "postcode": self.shaped(postcode), "city": city, "region": region, "country": country.code}

    def person(self, country: Country) -> tuple[str, str]:
        """First and last name."""
        return self.one(country.first), self.one(country.last)

    def company(self, trade: Trade, country: Country, place: tuple[str, str, str]) -> str:
        """A name that fits trade and place, new while names are remembered."""
        name = ""
        for attempt in range(12):
            shape = self.one(trade.names)
            bird = self.one(BIRDS) if attempt < 4 else f"{self.one(BIRDS)} {self.one(BIRDS)}"
            name = shape.format(city=place[0], region=place[2], last=self.one(country.last), bird=bird)
            if attempt >= 4 and "{bird}" not in shape:
                name = f"{bird} {name}"
            if name not in self.seen:
                break
        if len(self.seen) < _REMEMBERED:
            self.seen.add(name)
        return name

    def moment(self, window: tuple[dt.datetime, dt.datetime]) -> dt.datetime:
        """A moment by day between two."""
        start, end = window
        at = start + dt.timedelta(seconds=int((end - start).total_seconds() * self.chance.random()))
        return at.replace(hour=8 + at.hour % 10, microsecond=0)

    def working_hour(self, day: dt.date) -> dt.datetime:
        """A moment of that day, or of the Friday before a weekend, when people work."""
        if day.weekday() > 4 and not self.odds(0.06):
            day -= dt.timedelta(days=day.weekday() - 4)
        minute = self.between(8 * 12, 17 * 12) * 5
        return dt.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=dt.UTC)


def slug(text: str) -> str:
    """The text as a part of a domain or address."""
    return _NOT_NAME.sub("-", fold(text)).strip("-")[:50].rstrip("-")


def mail_name(first: str, last: str) -> str:
    """first.last, plain letters."""
    return f"{_NOT_NAME.sub('', fold(first))}.{_NOT_NAME.sub('', fold(last))}"


__all__ = ["Country", "Draw", "mail_name", "slug"]
