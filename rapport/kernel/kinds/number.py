"""Numbers: whole, or exact decimals kept as scaled integers. Never floats."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt

#: Up to 15 digits survive the way through a JSON number exactly, in every language and in both databases.
MOST = 10**15 - 1
#: What a small column holds at most: a year, a position, a few days. "1,995" would read as an amount.
_SMALL = 2**15 - 1
_PLAIN = re.compile(r"[+-]?[0-9]{1,19}")
_FIGURE = re.compile(r"(?P<sign>[+-]?)(?P<body>\d[\d.,]*|[.,]\d+)")
_SPACES = re.compile(r"(?<=\d)[\s'’_](?=\d)")


class ScaledField(models.BigIntegerField):
    """An exact decimal number stored as an integer: value times 10^decimals, so that sums agree on every database."""

    def __init__(self, *args: object, decimals: int = 2, **kwargs: object) -> None:
        """`decimals` digits after the point, 0 to 9."""
        if not 0 <= decimals <= 9:
            raise ValueError("decimals must lie between 0 and 9.")
        self.decimals = decimals
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        """Always with the number of decimals: changing it changes what the column means."""
        name, path, args, kwargs = super().deconstruct()
        kwargs["decimals"] = self.decimals
        return name, path, args, kwargs

    def from_db_value(self, value: int | None, expression: object, connection: object) -> Decimal | None:
        """The exact value."""
        return None if value is None else Decimal(value).scaleb(-self.decimals)

    def to_python(self, value: object) -> Decimal | None:
        """The exact value of what code assigned."""
        return None if value is None else Decimal(str(value))

    def get_prep_value(self, value: object) -> int | None:
        """The stored integer; refuses digits beyond the scale."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        scaled = Decimal(str(value)).scaleb(self.decimals)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.decimals} decimals.")
        return int(scaled)


@lru_cache(maxsize=256)
def _decimal_sign(language: str, country: str) -> str:
    return shown_as.figures(language, country).decimal


def read_number(text: str, fmt: Format) -> Decimal:
    """The number that a person of this language wrote: "1.234,50", "1 234.5", "−5", "1,000,000".

    With two different signs the last one is the decimal sign; a sign that comes twice groups; a single sign that is not
    the language's decimal sign groups when exactly three digits follow it. Raises Invalid for everything else.
    """
    raw = text.strip().replace(shown_as.MINUS, "-").replace("\u2013", "-")
    matched = _FIGURE.fullmatch(_SPACES.sub("", raw)) if len(raw) <= 60 else None
    if matched is None:
        raise Invalid(
            _("“%(text)s” is not a number; write one such as 1250 or 12.5.") % {"text": excerpt(text, 30)},
            code="not_a_number",
        )
    body = matched["body"]
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        group = "," if body.rfind(".") > body.rfind(",") else "."
    else:
        mark = "." if dots else ","
        own = _decimal_sign(fmt.language, fmt.country)
        tail = body.partition(mark)[2]
        groups = dots + commas > 1 or (mark != own and len(tail) == 3 and body[0] not in "0.,")
        group = mark if groups else ""
    if group:
        whole = re.split(r"[.,]", body)[: body.count(group) + 1]
        if any(len(part) not in (2, 3) for part in whole[1:]) or len(whole[-1]) != 3 or not 1 <= len(whole[0]) <= 3:
            raise Invalid(
                _("“%(text)s” has its separators in unusual places; write the number without them.")
                % {"text": excerpt(text, 30)},
                code="not_a_number",
            )
        body = body.replace(group, "")
    if body.count(".") + body.count(",") > 1:
        raise Invalid(
            _("“%(text)s” is not a number; write one such as 1250 or 12.5.") % {"text": excerpt(text, 30)},
            code="not_a_number",
        )
    return Decimal(matched["sign"] + body.replace(",", "."))


def exact(value: object) -> Decimal:
    """A JSON or Python number (or its plain text) as an exact decimal; refuses booleans, infinities and the like."""
    sentence = (
        _("“%(text)s” is not a number; write one such as 1250 or 12.5.") % {"text": excerpt(value, 30)}
        if not isinstance(value, int)
        else ""
    )
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise Invalid(sentence or _("Give a number, not yes or no."), code="not_a_number")
    if isinstance(value, int):
        if abs(value) > 10**30:
            raise Invalid(_("This number is too large."), code="too_large")
        return Decimal(value)
    if isinstance(value, str) and (
        len(value) > 60
        or not re.fullmatch(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*", value.replace(shown_as.MINUS, "-"))
    ):
        raise Invalid(sentence, code="not_a_number")
    try:
        number = (
            Decimal(repr(value))
            if isinstance(value, float)
            else Decimal(value.replace(shown_as.MINUS, "-") if isinstance(value, str) else value)
        )
    except InvalidOperation:
        raise Invalid(sentence, code="not_a_number") from None
    if not number.is_finite():
        raise Invalid(sentence, code="not_a_number")
    if number and number.adjusted() > 30:
        raise Invalid(_("This number is too large."), code="too_large")
    return number


class Figures(Kind):
    """What all kinds of figures share: order, alignment, operators."""

    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "<", "<=", ">", ">=", "between", "empty", "not_empty")
    align: ClassVar[str] = "end"


@kind
class NumberKind(Figures):
    """A number between two bounds with a fixed number of decimals; `int` without decimals, else `Decimal`."""

    key = "number"
    label = gettext_lazy("Number")
    stores = (ScaledField, models.BigIntegerField, models.IntegerField)
    option_names = ("decimals", "minimum", "maximum")
    icon = "hash"
    summable = True
    becomes = ("number", "percent", "money", "text", "longtext")

    def __init__(
        self, *, decimals: int = 0, minimum: int | None = None, maximum: int | None = None, **options: object
    ) -> None:
        """Bounds are whole numbers; without them 15 digits in all."""
        super().__init__(decimals=decimals, minimum=minimum, maximum=maximum, **options)
        for given in (decimals, minimum, maximum):
            if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
                raise Invalid(_("Decimals, minimum and maximum are whole numbers."), code="bad_option")
        if not 0 <= decimals <= 9:
            raise Invalid(_("Choose 0 to 9 decimals."), code="bad_option")
        most = MOST // 10**decimals
        self.decimals = decimals
        self.minimum = -most if minimum is None else max(minimum, -most)
        self.maximum = most if maximum is None else min(maximum, most)
        if self.minimum > self.maximum:
            raise Invalid(_("The minimum is above the maximum."), code="bad_option")

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the column's decimals and the range that the column holds on both databases."""
        if isinstance(model_field, ScaledField):
            return cls(decimals=model_field.decimals)
        if isinstance(model_field, models.BigIntegerField):
            return cls(minimum=0) if isinstance(model_field, models.PositiveBigIntegerField) else cls()
        small = isinstance(model_field, (models.SmallIntegerField, models.PositiveSmallIntegerField))
        most = _SMALL if small else 2**31 - 1
        positive = isinstance(model_field, (models.PositiveIntegerField, models.PositiveSmallIntegerField))
        return cls(minimum=0 if positive else -most, maximum=most)

    def parse(self, text: str, cleaning: Cleaning) -> int | Decimal | None:
        """A number as people of this language write it."""
        if _PLAIN.fullmatch(text):
            return self._fit(int(text))
        return self._fit(read_number(text, cleaning.format)) if text.strip() else None

    def clean(self, value: object, cleaning: Cleaning) -> int | Decimal | None:
        """An exact number within the bounds; JSON numbers and plain text of one."""
        if value is None or value == "":
            return None
        return self._fit(value if type(value) is int else exact(value))

    def _fit(self, value: int | Decimal) -> int | Decimal:
        """Within decimals and bounds, in the type of this kind."""
        if not self.minimum <= value <= self.maximum:
            raise Invalid(
                _("Give a number from %(low)s to %(high)s.")
                % {"low": f"{self.minimum:,}", "high": f"{self.maximum:,}"},
                code="out_of_range",
            )
        if not self.decimals:
            if value != int(value):
                raise Invalid(_("Give a whole number."), code="not_whole")
            return int(value)
        scaled = Decimal(value).scaleb(self.decimals)
        if scaled != int(scaled):
            raise Invalid(
                _("At most %(count)d digits may follow the point.") % {"count": self.decimals}, code="too_precise"
            )
        return Decimal(int(scaled)).scaleb(-self.decimals)

    def to_json(self, value: object) -> object:
        """A JSON number; with decimals at most 15 digits, which it carries exactly (see MOST)."""
        return float(value) if isinstance(value, Decimal) else value

    def json_schema(self) -> dict[str, object]:
        """A number within its bounds."""
        return {"type": "number" if self.decimals else "integer", "minimum": self.minimum, "maximum": self.maximum}

    def from_json(self, value: object) -> int | Decimal | None:
        """The exact decimal that the JSON number was written from."""
        if value is None or not self.decimals:
            return value
        return Decimal(repr(value)).quantize(Decimal(1).scaleb(-self.decimals))

    def text(self, value: object, fmt: Format) -> str:
        """Without group marks, so that spreadsheets read it."""
        return "" if value is None else shown_as.plain_number(value, fmt)

    def sheet_value(self, value: object, fmt: Format) -> object:
        """The number."""
        return value

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """With group marks, except where the column is so small that it can only hold years and the like."""
        if value is None:
            return DASH
        return esc(shown_as.number(value, fmt) if self.maximum > _SMALL else shown_as.plain_number(value, fmt))

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A text input with the keyboard for figures; type=number would hide what was typed wrongly."""
        attrs = format_html('inputmode="{}" autocomplete="off"', "decimal" if self.decimals else "numeric")
        return self.input_html(field, self.shown(value, fmt), name=name, error=error, autofocus=autofocus, attrs=attrs)
