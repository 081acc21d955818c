"""Times of day, without a date or zone."""

from __future__ import annotations

import datetime as dt
import re
from typing import ClassVar

from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.text_folding import fold

_CLOCK = re.compile(
    r"(\d{1,2})(?:\s?[:.h]\s?(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?|\s?h|\s?uhr)?\s?(am|pm|a\.m\.|p\.m\.)?"
)
_WORDS = {
    "noon": dt.time(12),
    "midday": dt.time(12),
    "midnight": dt.time(0),
    "mittag": dt.time(12),
    "midi": dt.time(12),
    "mediodia": dt.time(12),
}


def read_time(text: str) -> dt.time:
    """ "14:05", "2 pm", "9", "noon"; raises Invalid."""
    low = fold(text) if len(text) <= 40 else ""
    if low in _WORDS:
        return _WORDS[low]
    found = _CLOCK.fullmatch(low)
    if found:
        hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        half = (found[5] or "")[:1]
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        elif half:
            hour = 99
        if hour < 24 and minute < 60 and second < 60:
            return dt.time(hour, minute, second, int((found[4] or "0").ljust(6, "0")))
    raise Invalid(
        _("“%(text)s” is not a time; write one such as 14:05.") % {"text": excerpt(text, 30)}, code="not_a_time"
    )


def plain_time(value: dt.time) -> str:
    """ "14:05", with seconds only when there are some."""
    return value.isoformat("minutes" if not (value.second or value.microsecond) else "auto")


@kind
class TimeKind(Kind):
    """A time of day."""

    key = "time"
    label = gettext_lazy("Time of day")
    stores = (models.TimeField,)
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "<", "<=", ">", ">=", "between", "empty", "not_empty")
    icon = "clock"
    becomes = ("text", "longtext")

    def parse(self, text: str, cleaning: Cleaning) -> dt.time | None:
        """24 or 12 hours."""
        return self._fit(read_time(text)) if text.strip() else None

    def clean(self, value: object, cleaning: Cleaning) -> dt.time | None:
        """A time without zone, or its text; whole seconds in the custom JSON, so that its text sorts."""
        if value is None or value == "":
            return None
        if isinstance(value, dt.time) and value.tzinfo is None:
            return self._fit(value.replace(fold=0))
        if isinstance(value, str):
            return self.parse(value, cleaning)
        raise Invalid(_("Give a time of day, such as 14:05."), code="not_a_time")

    def _fit(self, value: dt.time) -> dt.time:
        return value.replace(microsecond=0) if self.in_json else value

    def to_json(self, value: object) -> object:
        """ISO text with seconds, always as long, so that it sorts."""
        return None if value is None else value.isoformat()

    def json_schema(self) -> dict[str, object]:
        """A time of day such as 09:30:00."""
        return {"type": "string", "pattern": r"^[0-9]{2}:[0-9]{2}:[0-9]{2}"}

    def from_json(self, value: object) -> dt.time | None:
        """From ISO text."""
        return None if value is None else dt.time.fromisoformat(value)

    def text(self, value: object, fmt: Format) -> str:
        """24 hours, for files."""
        return "" if value is None else plain_time(value)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """24 or 12 hours by locale."""
        return (
            DASH
            if value is None
            else SafeString(
                f'<time class="num" datetime="{plain_time(value)}">{esc(shown_as.clock(value, fmt))}</time>'
            )
        )

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The browser's own time control, or text when what was typed is no time."""
        shown = self.shown(value, fmt)
        native = not shown or re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?", shown)
        attrs = 'step="1"' if native and len(shown) > 5 else ""
        return self.input_html(
            field, shown, name=name, error=error, autofocus=autofocus, type_="time" if native else "text", attrs=attrs
        )
