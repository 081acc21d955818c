"""Points in time: stored in UTC, typed and shown in the viewer's zone."""

from __future__ import annotations

import datetime as dt
import re
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.date import read_date
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.kinds.time import plain_time, read_time

_ISO_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
#: A day, then a time that carries a colon, an "h", am or pm, or is a bare hour.
_DAY_TIME = re.compile(
    r"(?P<day>.+?)[\s,]+(?:at\s|um\s|à\s|a las\s|alle\s|om\s)?\s*"
    r"(?P<time>\d{1,2}(?:[:.h]\d{2}(?::\d{2}(?:\.\d+)?)?|\s?h|\s?uhr)?(?:\s?[ap]\.?m\.?)?|noon|midday|midnight)",
    re.IGNORECASE,
)


def in_zone(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """UTC of a wall-clock time: the first of an ambiguous hour; a skipped one is refused with a sentence."""
    try:
        moment = naive.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
        back = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise Invalid(_("This day is too far away."), code="too_far") from None
    if back != naive:
        raise Invalid(
            _("%(time)s does not exist on %(day)s in %(zone)s: the clocks go forward then.")
            % {"time": plain_time(naive.time()), "day": naive.date().isoformat(), "zone": zone.key},
            code="skipped_time",
        )
    return moment


def day_bounds(day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of a day and of the next one in a zone, in UTC; a midnight that is skipped moves on."""
    edges = []
    for edge in (day, day + dt.timedelta(days=1) if day < dt.date.max else day):
        edges.append(dt.datetime.combine(edge, dt.time(), tzinfo=zone).astimezone(dt.UTC))
    return edges[0], edges[1]


@kind
class DateTimeKind(Kind):
    """A point in time."""

    key = "datetime"
    label = gettext_lazy("Date and time")
    stores = (models.DateTimeField,)
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "<", "<=", ">", ">=", "between", "empty", "not_empty")
    icon = "calendar-clock"
    becomes = ("date", "text", "longtext")

    def parse(self, text: str, cleaning: Cleaning) -> dt.datetime | None:
        """ISO with or without zone, or a day as the date kind reads it and a time; without a time the day's start."""
        given = text.strip()
        if not given:
            return None
        if len(given) <= 60 and _ISO_START.match(given):
            try:
                return self._utc(dt.datetime.fromisoformat(given), cleaning)
            except ValueError:
                pass
        found = _DAY_TIME.fullmatch(given) if len(given) <= 60 else None
        if found:
            day, time = read_date(found["day"], cleaning.format), read_time(found["time"])
        elif len(given) <= 60:
            day, time = read_date(given, cleaning.format), dt.time()
        else:
            raise Invalid(
                _("“%(text)s” is not a date and time; write one such as 2026-11-22 14:05.")
                % {"text": excerpt(given, 30)},
                code="not_a_moment",
            )
        return self._utc(dt.datetime.combine(day, time), cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> dt.datetime | None:
        """A datetime (naive ones are in the viewer's zone) or its text."""
        if value is None or value == "":
            return None
        if isinstance(value, dt.datetime):
            return self._utc(value, cleaning)
        if isinstance(value, str):
            return self.parse(value, cleaning)
        raise Invalid(_("Give a date and time, such as 2026-11-22 14:05."), code="not_a_moment")

    def _utc(self, value: dt.datetime, cleaning: Cleaning) -> dt.datetime:
        """In UTC, years 1000 to 9998; whole seconds in the custom JSON, so that its text sorts."""
        if not 1000 <= value.year <= 9998:
            raise Invalid(_("Write the year with four digits, such as 2026."), code="bad_year")
        try:
            value = value.astimezone(dt.UTC) if value.tzinfo else in_zone(value.replace(fold=0), cleaning.format.zone)
        except (OverflowError, ValueError):
            raise Invalid(_("This day is too far away."), code="too_far") from None
        value = value.replace(fold=0)
        return value.replace(microsecond=0) if self.in_json else value

    def to_json(self, value: object) -> object:
        """ISO 8601 in UTC with Z."""
        return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")

    def json_schema(self) -> dict[str, object]:
        """A moment in UTC such as 2026-01-31T09:00:00Z."""
        return {"type": "string", "format": "date-time"}

    def from_json(self, value: object) -> dt.datetime | None:
        """From ISO text."""
        return None if value is None else dt.datetime.fromisoformat(value)

    def text(self, value: object, fmt: Format) -> str:
        """ "2026-11-22 14:05" in the viewer's zone; with the offset in the second of two equal hours."""
        if value is None:
            return ""
        local = value.astimezone(fmt.zone)
        shown = f"{local.date().isoformat()} {plain_time(local.time())}"
        if local.fold:
            offset = local.isoformat()[-6:]
            shown += offset
        return shown

    def sheet_value(self, value: object, fmt: Format) -> object:
        """The time on the viewer's clock, to the second; words in the second of two equal hours."""
        local = value.astimezone(fmt.zone)
        return self.text(value, fmt) if local.fold else local.replace(tzinfo=None)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """ "Today 14:05", "2 days ago", "Thursday 9:30", "19 Oct"; date and time in full on hover."""
        if value is None:
            return DASH
        local = value.astimezone(fmt.zone)
        day, today, clock = local.date(), fmt.today, shown_as.clock(local.time(), fmt)
        shown = shown_as.day_ago(day, fmt.language, fmt.country, today)
        if 0 <= (day - today).days < 7:
            shown = f"{shown} {clock}"
        full = esc(f"{shown_as.full_date(day, fmt)} {clock}")
        return SafeString(f'<time datetime="{self.to_json(value)}" title="{full}">{esc(shown)}</time>')

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The browser's own control in the viewer's zone, or text when what was typed is no point in time."""
        shown = self.shown(value, fmt)
        native = not shown or re.fullmatch(r"[0-9-]{10}[ T][0-9:]{5,8}(\.[0-9]{1,3})?", shown)
        if native:
            shown = shown.replace(" ", "T")
        attrs = 'step="1"' if native and len(shown) > 16 else ""
        return self.input_html(
            field,
            shown,
            name=name,
            error=error,
            autofocus=autofocus,
            type_="datetime-local" if native else "text",
            attrs=attrs,
        )

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """A day stands for all its moments: "is" lies in it, "<" is before it, ">" after it."""
        if op == "empty":
            return self.is_empty(path)
        if op == "between":
            low, high = self.pair(value)
            return self._within(path, self._span(low, cleaning)[0], self._span(high, cleaning)[1])
        start, end = self._span(value, cleaning)
        if op == "is":
            return self._within(path, start, end)
        lookup, edge = {"<": ("lt", start), ">=": ("gte", start), "<=": ("lt", end), ">": ("gte", end)}[op]
        return Q(**{f"{path}__{lookup}": self._stored(edge)})

    def turned(self, value: object, into: Kind, cleaning: Cleaning) -> object:
        """A day keeps no time, so only midnight fits into it."""
        local = value.astimezone(cleaning.format.zone)  # type: ignore[attr-defined]
        if into.key != "date":
            return super().turned(value, into, cleaning)
        if local.time() != dt.time():
            said = {"time": plain_time(local.time())}
            raise Invalid(_("A day has no time, and this one says %(time)s.") % said, code="has_time")
        return into.clean(local.date(), cleaning)

    def _within(self, path: str, start: dt.datetime, end: dt.datetime) -> Q:
        return Q(**{f"{path}__gte": self._stored(start), f"{path}__lt": self._stored(end)})

    def _stored(self, edge: dt.datetime) -> object:
        return self.to_json(edge) if self.in_json else edge

    def _span(self, value: object, cleaning: Cleaning) -> tuple[dt.datetime, dt.datetime]:
        """First moment of what was named and of what follows: a day, a minute, or one microsecond."""
        zone = cleaning.format.zone
        if isinstance(value, str) and not re.search(r"\d[:h]\d|\d\s?[ap]m|T\d", value):
            value = read_date(value, cleaning.format)
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            try:
                return day_bounds(value, zone)
            except OverflowError:
                raise Invalid(_("This day is too far away."), code="too_far") from None
        start = self.clean(value, cleaning)
        if start is None:
            raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
        if start.microsecond:
            return start, start + dt.timedelta(microseconds=1)
        return start, start + dt.timedelta(seconds=1 if start.second else 60)
