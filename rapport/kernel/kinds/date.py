"""Days: a date without time, which never shifts between zones."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.text_folding import fold

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_FIGURES = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})[-/.]\s?(\d+)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|\.)?")

# Words for near days in the languages we ship; folded, and few enough that no two languages disagree.
_NEAR = {
    0: (
        "today",
        "heute",
        "aujourd'hui",
        "aujourd’hui",
        "hoy",
        "oggi",
        "vandaag",
        "hoje",
        "dzis",
        "dzisiaj",
        "idag",
        "bugun",
    ),
    1: ("tomorrow", "morgen", "demain", "manana", "domani", "amanha", "jutro", "imorgon", "yarin"),
    -1: ("yesterday", "gestern", "hier", "ayer", "ieri", "gisteren", "ontem", "wczoraj", "igar", "dun"),
}
_NEAR_DAYS = {word: away for away, words in _NEAR.items() for word in words}
_UNITS = {
    **dict.fromkeys(
        [
            "d",
            "day",
            "days",
            "tag",
            "tage",
            "tagen",
            "jour",
            "jours",
            "dia",
            "dias",
            "giorno",
            "giorni",
            "dag",
            "dagen",
        ],
        "day",
    ),
    **dict.fromkeys(
        [
            "w",
            "week",
            "weeks",
            "woche",
            "wochen",
            "semaine",
            "semaines",
            "semana",
            "semanas",
            "settimana",
            "settimane",
            "weken",
        ],
        "week",
    ),
    **dict.fromkeys(
        ["month", "months", "monat", "monate", "monaten", "mois", "mes", "meses", "mese", "mesi", "maand", "maanden"],
        "month",
    ),
    **dict.fromkeys(
        ["y", "year", "years", "jahr", "jahre", "jahren", "an", "ans", "ano", "anos", "anno", "anni", "jaar"], "year"
    ),
}
_COUNTS = {
    **dict.fromkeys(
        ["a", "an", "one", "ein", "eine", "einem", "einer", "un", "une", "una", "uno", "um", "uma", "een"], 1
    ),
    **dict.fromkeys(["two", "zwei", "deux", "dos", "due", "dois", "twee"], 2),
    **dict.fromkeys(["three", "drei", "trois", "tres", "tre", "drie"], 3),
}
_AHEAD = frozenset(["in", "dans", "en", "tra", "fra", "em", "over"])
_AGO = frozenset(["ago", "vor", "hace", "fa", "geleden", "ha"])
_NEXT = frozenset(
    [
        "next",
        "nachste",
        "nachsten",
        "nachster",
        "nachstes",
        "kommenden",
        "prochain",
        "prochaine",
        "proximo",
        "proxima",
        "prossimo",
        "prossima",
        "volgende",
        "on",
        "am",
    ]
)
_LAST = frozenset(
    [
        "last",
        "letzte",
        "letzten",
        "letzter",
        "letztes",
        "dernier",
        "derniere",
        "pasado",
        "pasada",
        "ultimo",
        "ultima",
        "scorso",
        "scorsa",
        "vorige",
        "passado",
        "passada",
    ]
)


@lru_cache(maxsize=64)
def _names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Folded month and weekday names of a language and of English."""
    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for locale in (shown_as.locale_of(language), shown_as.locale_of("en")):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for at, name in locale.months[context][width].items():
                    months.setdefault(fold(name).rstrip("."), at)
                for at, name in locale.days[context][width].items():
                    weekdays.setdefault(fold(name).rstrip("."), at)
    months.setdefault("sept", 9)
    return months, weekdays


def made(year: int, month: int, day: int) -> dt.date:
    """The date, or a sentence that says which part does not exist."""
    if not 1000 <= year <= 9999:
        raise Invalid(_("Write the year with four digits, such as 2026."), code="bad_year")
    if not 1 <= month <= 12:
        raise Invalid(_("There is no month %(month)d.") % {"month": month}, code="no_such_day")
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        name = shown_as.locale_of(get_language() or "en").months["stand-alone"]["wide"][month]
        raise Invalid(
            _("%(day)d %(month)s does not exist; %(month)s %(year)d has %(last)d days.")
            % {"day": day, "month": name, "year": year, "last": last},
            code="no_such_day",
        )
    return dt.date(year, month, day)


def read_date(text: str, fmt: Format) -> dt.date:
    """The day that a person meant; raises Invalid with a sentence."""
    given = text.strip()
    if _ISO.fullmatch(given):
        return made(int(given[:4]), int(given[5:7]), int(given[8:]))
    words = fold(given).replace(",", " ").split() if len(given) <= 60 else []
    joined = " ".join(words)
    if found := _YEAR_FIRST.fullmatch(joined):
        return made(int(found[1]), int(found[2]), int(found[3]))
    if found := _FIGURES.fullmatch(joined):
        return _from_figures(found, fmt)
    day = _from_names(words, fmt) or _from_words(words, fmt)
    if day is None:
        raise Invalid(
            _("“%(text)s” is not a date; write one such as %(example)s, tomorrow or in 2 weeks.")
            % {"text": excerpt(text, 30), "example": "2026-11-22"},
            code="not_a_date",
        )
    return day


def _from_figures(found: re.Match[str], fmt: Format) -> dt.date:
    """22.11.2026 and 22/11/2026 or 11/22/2026, whichever the country writes."""
    first, mark, second, year = int(found[1]), found[2], int(found[3]), found[4]
    if len(year) != 4:
        raise Invalid(_("Write the year with four digits, such as 2026."), code="bad_year")
    day, month = first, second
    swapped = mark == "/" and (fmt.country in shown_as.MONTH_FIRST)
    if (swapped and first <= 12) or (mark == "/" and second > 12 >= first):
        day, month = second, first
    return made(int(year), month, day)


def _from_names(words: list[str], fmt: Format) -> dt.date | None:
    """22 Nov 2026, November 22nd, Sunday 22 November; without a year this one."""
    months, weekdays = _names(fmt.language)
    if words and words[0].rstrip(".") in weekdays and len(words) > 2:
        words = words[1:]
    words = [word for word in words if word not in {"of", "de", "del", "di"}]
    if not 2 <= len(words) <= 3:
        return None
    if words[0].rstrip(".") in months:
        words = [words[1], words[0], *words[2:]]
    month, day = months.get(words[1].rstrip(".")), _DAY.fullmatch(words[0])
    if month is None or day is None:
        return None
    year = words[2] if len(words) == 3 else str(fmt.today.year)
    if not year.isdigit():
        return None
    if len(year) != 4:
        raise Invalid(_("Write the year with four digits, such as 2026."), code="bad_year")
    return made(int(year), month, int(day[1]))


def _from_words(words: list[str], fmt: Format) -> dt.date | None:
    """today, mon, next mon, last friday, next week, in 2 weeks, 3 days ago."""
    today = fmt.today
    if len(words) == 1 and words[0] in _NEAR_DAYS:
        return today + dt.timedelta(days=_NEAR_DAYS[words[0]])
    if words[:3] == ["il", "y", "a"]:
        words = ["ago", *words[3:]]
    sign = -1 if any(word in _AGO or word in _LAST for word in words) else 1
    turns = any(word in _NEXT or word in _LAST for word in words)
    counted = any(word in _AHEAD or word in _AGO for word in words)
    rest = [word.rstrip(".") for word in words if word not in _AGO | _AHEAD | _NEXT | _LAST]
    weekdays = _names(fmt.language)[1]
    if len(rest) == 1 and rest[0] in weekdays and not counted:
        wanted = weekdays[rest[0]]
        ahead = (wanted - today.weekday()) % 7 or 7
        return today + dt.timedelta(days=ahead if sign > 0 else ahead - (14 if ahead == 7 else 7))
    if len(rest) == 1 and turns and rest[0] in _UNITS:
        return _moved(today, sign, _UNITS[rest[0]])
    if len(rest) == 2 and counted and rest[1] in _UNITS:
        count = _COUNTS.get(rest[0]) or (int(rest[0]) if rest[0].isdecimal() and len(rest[0]) <= 5 else None)
        return None if count is None else _moved(today, sign * count, _UNITS[rest[1]])
    return None


def _moved(day: dt.date, count: int, unit: str) -> dt.date:
    """A day so many units away; the end of a shorter month stays its end."""
    try:
        if unit in ("day", "week"):
            return day + dt.timedelta(days=count * (7 if unit == "week" else 1))
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError, calendar.IllegalMonthError):
        raise Invalid(_("This day is too far away."), code="too_far") from None


@kind
class DateKind(Kind):
    """A day; typed in many ways, kept as a date."""

    key = "date"
    label = gettext_lazy("Date")
    stores = (models.DateField,)
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "<", "<=", ">", ">=", "between", "empty", "not_empty")
    icon = "calendar"
    becomes = ("datetime", "text", "longtext")

    def parse(self, text: str, cleaning: Cleaning) -> dt.date | None:
        """ISO, local figures, names, or words such as "next mon"."""
        return read_date(text, cleaning.format) if text.strip() else None

    def clean(self, value: object, cleaning: Cleaning) -> dt.date | None:
        """A date or its text."""
        if value is None or value == "":
            return None
        if isinstance(value, dt.datetime):
            raise Invalid(_("Give a day without a time, such as 2026-11-22."), code="not_a_date")
        if isinstance(value, dt.date):
            return made(value.year, value.month, value.day)
        if isinstance(value, str):
            return self.parse(value, cleaning)
        raise Invalid(_("Give a day, such as 2026-11-22."), code="not_a_date")

    def operand(self, value: object, cleaning: Cleaning) -> object:
        """A point in time counts as its day in the viewer's zone."""
        if isinstance(value, dt.datetime):
            try:
                value = value.astimezone(cleaning.format.zone).date() if value.tzinfo else value.date()
            except OverflowError:
                raise Invalid(_("This day is too far away."), code="too_far") from None
        return super().operand(value, cleaning)

    def to_json(self, value: object) -> object:
        """ISO text."""
        return None if value is None else value.isoformat()

    def json_schema(self) -> dict[str, object]:
        """A day such as 2026-01-31."""
        return {"type": "string", "format": "date"}

    def from_json(self, value: object) -> dt.date | None:
        """From ISO text."""
        return None if value is None else dt.date.fromisoformat(value)

    def text(self, value: object, fmt: Format) -> str:
        """ISO text."""
        return "" if value is None else value.isoformat()

    def sheet_value(self, value: object, fmt: Format) -> object:
        """The day."""
        return value

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """Today, Thursday, 19 Oct; the full date on hover."""
        return DASH if value is None else _cell(value, fmt.language, fmt.country, fmt.today)

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The browser's own date control; what was typed wrongly comes back as text, which that control would drop."""
        shown = self.shown(value, fmt)
        native = not shown or _ISO.fullmatch(shown)
        return self.input_html(
            field,
            shown,
            name=name,
            error=error,
            autofocus=autofocus,
            type_="date" if native else "text",
            attrs="" if native else 'autocomplete="off"',
        )


@lru_cache(maxsize=8192)
def _cell(value: dt.date, language: str, country: str, today: dt.date) -> SafeString:
    """The marked-up day; pages repeat few days often."""
    fmt = Format(language=language, country=country)
    shown = shown_as.day(value, language, country, today)
    return SafeString(
        f'<time datetime="{value.isoformat()}" title="{esc(shown_as.full_date(value, fmt))}">{esc(shown)}</time>'
    )
