"""Money: an amount of one currency, stored in minor units beside its worth in the workspace's currency."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.numbers import get_currency_symbol
from django.db import models
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.kinds.number import MOST, Figures, exact, read_number
from rapport.kernel.money import Money, currencies, minor_digits

if TYPE_CHECKING:
    from rapport.kernel.context import Context


class MoneyField(models.BigIntegerField):
    """An amount in minor units, with its currency and its worth in the workspace's currency beside it.

    Adds `<name>_currency`, `<name>_base` (minor units of the workspace's currency; None until converted) and
    `<name>_rate_on` (day of the rate). Each carries `companion_of = <name>`: it is part of this field.
    """

    def companions(self) -> tuple[str, ...]:
        """The columns beside this one that belong to the same field."""
        return f"{self.name}_currency", f"{self.name}_base", f"{self.name}_rate_on"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Add the companions, except on migration state models, which list them themselves."""
        super().contribute_to_class(cls, name, private_only=private_only)
        if cls.__module__ == "__fake__":
            return
        present = {field.name for field in cls._meta.local_fields}
        for suffix, made in (
            ("currency", models.CharField(_lazy("currency"), max_length=3, blank=True, default="", editable=False)),
            (
                "base",
                models.BigIntegerField(
                    _lazy("amount in the workspace’s currency"), null=True, blank=True, editable=False
                ),
            ),
            ("rate_on", models.DateField(_lazy("day of the rate"), null=True, blank=True, editable=False)),
        ):
            if f"{name}_{suffix}" not in present:
                made.companion_of = name
                cls.add_to_class(f"{name}_{suffix}", made)


_CODE = re.compile(r"[A-Za-z]{3}")
#: A sign or code before and after the figures; brackets are the bookkeeper's minus.
_SHAPE = re.compile(
    r"(?P<open>\()?\s*(?P<m1>[-−–+])?\s*(?P<before>[^\d\s.,()+−–-]{0,5})\s*(?P<m2>[-−–+])?\s*"
    r"(?P<figure>[\d.,][\d.,\s'’]*?)\s*(?P<after>[^\d\s.,()+−–-]{0,5})\s*(?P<close>\))?"
)
#: Signs that several currencies share mean the workspace's own first, then this one.
_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₺": "TRY",
    "₽": "RUB",
    "₩": "KRW",
    "₪": "ILS",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "fr": "CHF",
    "us$": "USD",
    "a$": "AUD",
    "ca$": "CAD",
    "c$": "CAD",
    "r$": "BRL",
    "kr": "SEK",
}


@lru_cache(maxsize=1024)
def currency_of(sign: str, own: str, language: str, country: str) -> str:
    """The currency that a sign or code means here; raises Invalid when it means none."""
    if not sign:
        return own
    if _CODE.fullmatch(sign) and sign.upper() in currencies():
        return sign.upper()
    low = sign.casefold()
    if low in {
        get_currency_symbol(own, shown_as.locale_of(language, country)).casefold(),
        get_currency_symbol(own, "en_US").casefold(),
    }:
        return own
    if low in {"$", "kr"} and own in {"USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "SEK", "NOK", "DKK", "ISK"}:
        return own
    if low in _SIGNS:
        return _SIGNS[low]
    raise Invalid(
        _("“%(sign)s” is no currency; use a code such as EUR.") % {"sign": excerpt(sign, 10)}, code="unknown_currency"
    )


def _converted(value: Money, ctx: Context, day: dt.date) -> tuple[int | None, dt.date | None]:
    """Minor units at the newest rate not later than a day, and the rate's day (remembered: imports ask again and again)."""
    # Here, because the table of rates has columns of these kinds.
    from rapport.kernel.exchange import rate_for

    currency, known = ctx.workspace.currency, ("rate", value.currency, day)
    if known not in ctx.memory:
        ctx.memory[known] = rate_for(value.currency, day)
    found = ctx.memory[known]
    return (value.into(currency, found[0]).minor, found[1]) if found else (None, None)


def worth(ctx: Context, value: Money) -> int | None:
    """Minor units of the workspace's currency at today's rate; None without one."""
    return value.minor if value.currency == ctx.workspace.currency else _converted(value, ctx, ctx.format.today)[0]


@kind
class MoneyKind(Figures):
    """An amount with its currency; filters and totals use its worth in the workspace's currency."""

    key = "money"
    label = _lazy("Money")
    stores = (MoneyField,)
    icon = "banknote"
    summable = True
    becomes = ("text", "longtext")

    def columns(self, name: str) -> tuple[str, ...]:
        """Minor units and currency; `<name>_base` and `<name>_rate_on` belong to whoever converts."""
        return name, f"{name}_currency"

    def load(self, *stored: object) -> Money | None:
        """Money from both columns; from one alone (a computed amount) in the workspace's currency, written ""."""
        if stored[0] is None or isinstance(stored[0], Money):
            return stored[0]
        return Money(int(stored[0]), stored[1] if len(stored) > 1 else "")

    def store(self, value: object, name: str) -> dict[str, object]:
        """Both columns."""
        if value is None:
            return {name: None, f"{name}_currency": ""}
        return {name: value.minor, f"{name}_currency": value.currency}

    def parse(self, text: str, cleaning: Cleaning) -> Money | None:
        """ "1.234,50 €", "$1,234.5", "1234 EUR", "EUR 12", "(12)"; without a currency the workspace's."""
        if not text.strip():
            return None
        fmt = cleaning.format
        shape = _SHAPE.fullmatch(text.strip()) if len(text) <= 80 else None
        if (
            shape is None
            or bool(shape["open"]) != bool(shape["close"])
            or (shape["before"] and shape["after"])
            or (shape["m1"] and shape["m2"])
        ):
            raise Invalid(
                _("“%(text)s” is not an amount; write one such as 1240.50 or 1240.50 EUR.")
                % {"text": excerpt(text, 30)},
                code="not_money",
            )
        currency = currency_of(shape["before"] or shape["after"], fmt.currency, fmt.language, fmt.country)
        amount = read_number(shape["figure"], fmt)
        negative = bool(shape["open"]) != ((shape["m1"] or shape["m2"] or "+") != "+")
        return self._made(-amount if negative else amount, currency)

    def clean(self, value: object, cleaning: Cleaning) -> Money | None:
        """Money, its JSON shape, or a plain number in the workspace's currency."""
        if value is None or value == "":
            return None
        if isinstance(value, Money):
            return self._made(value.decimal, self._code(value.currency))
        if isinstance(value, dict):
            if value.get("amount") in (None, ""):
                return None
            return self._made(exact(value["amount"]), self._code(value.get("currency") or cleaning.format.currency))
        if isinstance(value, str):
            return self.parse(value, cleaning)
        return self._made(exact(value), cleaning.format.currency)

    @staticmethod
    def _code(currency: object) -> str:
        if isinstance(currency, str) and _CODE.fullmatch(currency) and currency.upper() in currencies():
            return currency.upper()
        raise Invalid(
            _("“%(sign)s” is no currency; use a code such as EUR.") % {"sign": excerpt(currency, 10)},
            code="unknown_currency",
        )

    @staticmethod
    def _made(amount: Decimal, currency: str) -> Money:
        """Exact money within 15 digits."""
        try:
            made = Money.of(amount, currency)
        except ValueError:
            raise Invalid(
                _("%(currency)s has %(count)d digits after the point.")
                % {"currency": currency, "count": minor_digits(currency)},
                code="too_precise",
            ) from None
        if abs(made.minor) > MOST:
            raise Invalid(_("This amount is too large."), code="too_large")
        return made

    def to_json(self, value: object) -> object:
        """{"amount": "1234.50", "currency": "EUR"}."""
        return None if value is None else {"amount": f"{value.decimal:f}", "currency": value.currency}

    def json_schema(self) -> dict[str, object]:
        """The amount as text, which carries every digit, and the three letters of the currency."""
        return {
            "type": "object", "required": ["amount", "currency"], "additionalProperties": False,
            "properties": {
                "amount": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, "currency": {"type": "string", "maxLength": 3},
            },
        }  # fmt: skip

    def accepted_schema(self) -> dict[str, object]:
        """A bare number or text means the workspace's currency."""
        amount = {"type": ["string", "number"]}
        pair = {"type": "object", "required": ["amount"], "properties": {"amount": amount, "currency": {"type": "string"}}}
        return {"anyOf": [pair, {"type": "number"}, {"type": "string"}]}

    def from_json(self, value: object) -> Money | None:
        """Money from its JSON shape."""
        return None if value is None else Money.of(value["amount"], value["currency"])

    def text(self, value: object, fmt: Format) -> str:
        """ "1234.50 EUR" with the language's decimal sign: no sign to mistake, no group marks."""
        if value is None:
            return ""
        value = value if value.currency else Money(value.minor, fmt.currency)
        return f"{shown_as.plain_number(value.decimal, fmt)} {value.currency}"

    def sheet_value(self, value: object, fmt: Format) -> object:
        """A number in the workspace's currency; another currency is words, so that no sum adds unlike things."""
        return value.decimal if value.currency in ("", fmt.currency) else self.text(value, fmt)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """ "€1,240"; cents only when there are some."""
        if value is None:
            return DASH
        return esc(shown_as.money(value if value.currency else Money(value.minor, fmt.currency), fmt))

    def figure(self, value: object, fmt: Format) -> SafeString | str:
        """Whole units when large."""
        if value is None:
            return DASH
        return esc(shown_as.money_figure(value if value.currency else Money(value.minor, fmt.currency), fmt))

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """One input that takes amount and currency."""
        attrs = format_html('inputmode="decimal" autocomplete="off" data-currency="{}"', fmt.currency)
        shown = (
            self.shown(value, fmt).removesuffix(f" {fmt.currency}")
            if isinstance(value, Money)
            else self.shown(value, fmt)
        )
        return self.input_html(field, shown, name=name, error=error, autofocus=autofocus, attrs=attrs)

    def follow(self, record: models.Model, path: str, ctx: Context) -> None:
        """Set the worth in the workspace's currency and the day of the rate; None where no rate is known.

        An amount that did not change keeps the rate of its day, so that saving something else moves no totals.
        """
        value = self.load(getattr(record, path), getattr(record, f"{path}_currency"))
        own, base, rate_on = ctx.workspace.currency, None, None
        if value is not None and value.currency == own:
            base = value.minor
        elif value is not None:
            before, day = getattr(record, f"{path}_base"), getattr(record, f"{path}_rate_on")
            if before is not None and day is not None:
                base, rate_on = _converted(value, ctx, day)
            if base is None or base != before:
                base, rate_on = _converted(value, ctx, ctx.format.today)
        setattr(record, f"{path}_base", base)
        setattr(record, f"{path}_rate_on", rate_on)

    def total_path(self, path: str) -> str:
        """The worth in the workspace's currency."""
        return f"{path}_base"

    def from_total(self, summed: object, currency: str) -> Money | None:
        """A sum in the workspace's currency."""
        return None if summed is None else Money(int(summed), currency)

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """On the worth in the workspace's currency."""
        return self.is_empty(path) if op == "empty" else super().compile(self.total_path(path), op, value, cleaning)

    def operand(self, value: object, cleaning: Cleaning) -> int:
        """Minor units of the workspace's currency."""
        made = self.clean(value, cleaning)
        if made is None or made.currency != cleaning.format.currency:
            raise Invalid(
                _("Compare with an amount in %(currency)s.") % {"currency": cleaning.format.currency},
                code="other_currency",
            )
        return made.minor
