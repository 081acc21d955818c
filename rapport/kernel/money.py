"""Money: whole minor units of one currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel.numbers import list_currencies


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Digits after the point of an ISO 4217 currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """Every currency code that CLDR knows."""
    return frozenset(list_currencies())


#: ISO 4217 where CLDR's cash habits differ from the standard or a currency has other than two digits.
_DIGITS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents) of one currency."""

    minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Money from an amount in major units; ValueError when it has more digits than the currency."""
        scaled = Decimal(amount).scaleb(minor_digits(currency))
        minor = int(scaled)
        if scaled != minor:
            raise ValueError(f"{amount} has more digits than {currency} allows.")
        return cls(minor, currency)

    def into(self, currency: str, rate: Decimal) -> Money:
        """The same worth in another currency at `rate` (units of it for one of ours), rounded half to even."""
        shift = minor_digits(currency) - minor_digits(self.currency)
        exact = (Decimal(self.minor) * rate).scaleb(shift)
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), currency)

    def __add__(self, other: Money) -> Money:
        """The sum; refuses two currencies."""
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference; refuses two currencies."""
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        """The amount turned round."""
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"Cannot add {self.currency} and {other.currency}.")
