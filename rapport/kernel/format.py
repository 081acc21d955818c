"""How values read in the viewer's language: numbers, money, dates, durations, sizes, relative times.

Figures and patterns come from CLDR through Babel once per language and country; after that a value costs string work
only, because a page formats hundreds of cells. Negative figures carry a true minus.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time, format_timedelta
from babel.numbers import format_compact_currency, get_currency_symbol
from django.utils.translation import gettext as _

from rapport.kernel.money import Money, minor_digits

if TYPE_CHECKING:
    from rapport.kernel.kinds.base import Format

MINUS = "\u2212"
#: Sums from here on show no cents.
LARGE = 10_000
#: Countries that write the month before the day.
MONTH_FIRST = frozenset({"US", "PH", "PR", "GU", "AS", "VI", "MP", "MH", "FM", "PW", "BZ"})


def capital(text: object) -> str:
    """With a capital first letter: labels are kept small, headings and sentences begin large."""
    plain = str(text)
    return plain[:1].upper() + plain[1:]


@lru_cache(maxsize=256)
def locale_of(language: str, country: str = "") -> Locale:
    """The CLDR locale nearest to a language and country; English when the language is unknown."""
    base = language.replace("-", "_")
    short = base.partition("_")[0]
    tries = (base, short) if "_" in base else (f"{short}_{country}", short)
    for name in tries:
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


# -- numbers ----------------------------------------------------------------------------------------------------


class Figures:
    """Separators and money pattern of one locale."""

    __slots__ = ("decimal", "group", "locale", "money", "percent", "sizes")

    def __init__(self, locale: Locale) -> None:
        """Read them from CLDR, in Western digits."""
        symbols = locale.number_symbols
        symbols = symbols.get("latn", symbols)
        self.locale = locale
        self.decimal: str = symbols.get("decimal", ".")
        self.group: str = symbols.get("group", ",")
        self.sizes: tuple[int, int] = tuple(locale.decimal_formats[None].grouping)
        self.money = _sides(locale.currency_formats["standard"])
        self.percent = _sides(locale.percent_formats[None])

    def grouped(self, digits: str) -> str:
        """Digits with group marks, also in the Indian way."""
        first, rest = self.sizes
        if len(digits) <= first:
            return digits
        if first == rest == 3:
            return f"{int(digits):,}".replace(",", self.group)
        parts = [digits[-first:]]
        digits = digits[:-first]
        while digits:
            parts.append(digits[-rest:])
            digits = digits[:-rest]
        return self.group.join(reversed(parts))


def _sides(pattern: object) -> tuple[str, str]:
    """What stands before and after the figures of a CLDR number pattern."""
    return pattern.prefix[0].replace("-", MINUS), pattern.suffix[0]


@lru_cache(maxsize=256)
def figures(language: str, country: str) -> Figures:
    """The separators of a language in a country."""
    return Figures(locale_of(language, country))


def number(value: int | Decimal, fmt: Format) -> str:
    """A number with group marks: "1,234.5"."""
    marks = figures(fmt.language, fmt.country)
    sign = MINUS if value < 0 else ""
    whole, _point, fraction = (
        str(abs(value)).partition(".") if isinstance(value, int) else f"{abs(value):f}".partition(".")
    )
    return sign + marks.grouped(whole) + (marks.decimal + fraction if fraction else "")


def plain_number(value: int | Decimal, fmt: Format) -> str:
    """A number for files: no group marks, the language's decimal sign, an ASCII minus that spreadsheets read."""
    text = str(value) if isinstance(value, int) else f"{value:f}"
    return text.replace(".", figures(fmt.language, fmt.country).decimal)


def percent(value: int | Decimal, fmt: Format) -> str:
    """A percentage: "−22%", "45 %" where the language spaces it."""
    before, after = figures(fmt.language, fmt.country).percent
    shown = number(value, fmt)
    return before + shown + after if not shown.startswith(MINUS) else MINUS + before + shown[1:] + after


@lru_cache(maxsize=2048)
def _money_sides(language: str, country: str, currency: str) -> tuple[str, str]:
    marks = figures(language, country)
    symbol = get_currency_symbol(currency, marks.locale)
    before, after = marks.money
    gap = "\u00a0" if symbol[-1:].isalpha() and before.endswith("¤") else ""
    return before.replace("¤", symbol + gap), after.replace("¤", symbol)


def money(value: Money, fmt: Format, *, cents: bool = False) -> str:
    """Money as people read it: "€1,240", "€412.50"; `cents` writes them always, as documents do."""
    before, after = _money_sides(fmt.language, fmt.country, value.currency)
    marks = figures(fmt.language, fmt.country)
    digits = minor_digits(value.currency)
    whole, rest = divmod(abs(value.minor), 10**digits)
    shown = marks.grouped(str(whole))
    if digits and (rest or cents):
        shown += f"{marks.decimal}{rest:0{digits}d}"
    return (MINUS if value.minor < 0 else "") + before + shown + after


def money_figure(value: Money, fmt: Format) -> str:
    """A sum or key figure, to look at and not to book: from 10,000 on in whole units."""
    unit = 10 ** minor_digits(value.currency)
    if unit > 1 and abs(value.minor) >= LARGE * unit:
        value = Money(round(value.minor / unit) * unit, value.currency)
    return money(value, fmt)


def money_short(value: Money, fmt: Format) -> str:
    """Money for charts: "€18.4K"."""
    shown = format_compact_currency(
        value.decimal, value.currency, locale=locale_of(fmt.language, fmt.country), fraction_digits=1
    )
    return shown.replace("-", MINUS)


# -- dates and times --------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def day(value: dt.date, language: str, country: str, today: dt.date) -> str:
    """A date seen from `today`; cached, as pages repeat few days often."""
    away = (value - today).days
    if -7 < away < 7:
        near = {0: _("Today"), 1: _("Tomorrow"), -1: _("Yesterday")}.get(away)
        if near:
            return near
        weekday = locale_of(language, country).days["stand-alone"]["wide"][value.weekday()]
        return weekday if away > 0 else _("last %(weekday)s") % {"weekday": weekday}
    return format_skeleton("MMMd" if value.year == today.year else "yMMMd", value, locale=locale_of(language, country))


def date(value: dt.date, fmt: Format) -> str:
    """A date as lists show it: Today, Yesterday, Thursday, "19 Oct", "14 Mar 2027"."""
    return day(value, fmt.language, fmt.country, fmt.today)


@lru_cache(maxsize=8192)
def _full_date(value: dt.date, language: str, country: str) -> str:
    return format_skeleton("yMMMEd", value, locale=locale_of(language, country))


def full_date(value: dt.date, fmt: Format) -> str:
    """A date in full, for titles: "Thu 19 Oct 2026"."""
    return _full_date(value, fmt.language, fmt.country)


@lru_cache(maxsize=4096)
def _clock(value: dt.time, language: str, country: str) -> str:
    return format_time(value, "short", locale=locale_of(language, country))


def clock(value: dt.time, fmt: Format) -> str:
    """A time of day, 24 or 12 hours by locale: "14:05", "2:05 PM"."""
    return _clock(value.replace(second=0, microsecond=0, tzinfo=None), fmt.language, fmt.country)


def moment(value: dt.datetime, fmt: Format) -> str:
    """A point in time in the viewer's zone: "Today 14:05", "19 Oct 09:30"."""
    local = value.astimezone(fmt.zone)
    return f"{date(local.date(), fmt)} {clock(local.time(), fmt)}"


@lru_cache(maxsize=8192)
def day_ago(value: dt.date, language: str, country: str, today: dt.date) -> str:
    """A past day as lists show it: Yesterday, "2 days ago", after 30 days the date; later days as `day` shows them."""
    away = (today - value).days
    if not 1 < away <= 30:
        return day(value, language, country, today)
    return format_timedelta(
        dt.timedelta(days=-away), granularity="day", threshold=99, add_direction=True, locale=locale_of(language, country)
    )


def month(value: dt.date, fmt: Format) -> str:
    """The name of a month standing alone, with its year when that is another one: "October", "March 2025"."""
    locale = locale_of(fmt.language, fmt.country)
    name = str(locale.months["stand-alone"]["wide"][value.month])
    return name if value.year == fmt.today.year else f"{name} {value.year}"


def relative(value: dt.datetime, fmt: Format) -> str:
    """How long ago or ahead, up to 30 days ("2 days ago"); after that the date."""
    away = value - fmt.now
    seconds = away.total_seconds()
    if abs(seconds) > 30 * 86400:
        return date(value.astimezone(fmt.zone).date(), fmt)
    if abs(seconds) < 45:
        return _("just now")
    return format_timedelta(away, add_direction=True, threshold=1, locale=locale_of(fmt.language, fmt.country))


def duration(minutes: int) -> str:
    """A length of time: "45 min", "1 h 10"."""
    sign = MINUS if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    if not hours:
        return sign + _("%(minutes)d min") % {"minutes": rest}
    if not rest:
        return sign + _("%(hours)d h") % {"hours": hours}
    return sign + _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest}


def file_size(size: int, fmt: Format) -> str:
    """A file size in the decimal units that people know: "6.2 MB"."""
    scaled, units = Decimal(size), ["TB", "GB", "MB", "kB", "B"]
    while scaled >= 1000 and len(units) > 1:
        scaled /= 1000
        units.pop()
    unit = units[-1]
    shown = scaled.quantize(Decimal("0.1")) if unit != "B" and scaled < 100 else scaled.quantize(Decimal(1))
    text = number(shown, fmt)
    point = figures(fmt.language, fmt.country).decimal
    return f"{text.removesuffix(point + '0')}\u00a0{unit}"
