"""Text of many lines: notes and descriptions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import control, esc
from rapport.kernel.kinds.mentions import plain
from rapport.kernel.kinds.normal import check_length, printable
from rapport.kernel.kinds.text import Words

LIMIT = 100_000
#: Characters of the first line that a list cell carries; the column cuts the rest optically.
CELL = 140


@kind
class LongTextKind(Words):
    """Text that keeps its lines, at most 100,000 characters."""

    key = "longtext"
    label = gettext_lazy("Long text")
    stores = (models.TextField,)
    operators: ClassVar[tuple[str, ...]] = ("contains", "not_contains", "starts", "is", "is_not", "empty", "not_empty")
    sortable = False
    icon = "text"
    max_length = LIMIT
    becomes = (
        "text", "choice", "multichoice", "number", "date", "datetime",
        "yesno", "one_email", "email", "phone", "web", "tags",
    )  # fmt: skip

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """The text with its lines."""
        return self.clean(text, cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """NFC, line ends as \\n, no control characters, no blank lines around."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid(_("Give text here."), code="not_text")
        if not (value.isascii() and value.isprintable()):
            value = printable(value.replace("\r\n", "\n").replace("\r", "\n"))
        value = value.strip()
        check_length(value, LIMIT)
        return value or None

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The first line."""
        if not value:
            return DASH
        value = plain(value)
        first = value.partition("\n")[0]
        return esc(first if len(first) <= CELL and len(first) == len(value) else first[:CELL] + "…")

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A textarea; the newline after the tag keeps a leading one of the text."""
        return format_html(
            '<span class="input area{}"><textarea class="bare" rows="4" maxlength="{}" {}>\n{}</textarea></span>',
            " is-err" if error else "",
            LIMIT,
            mark_safe(control(field, name=name, error=error, autofocus=autofocus)),
            self.shown(value, fmt),
        )

    def turned(self, value: object, into: Kind, cleaning: Cleaning) -> object:
        """Lines are kept, so only what has one fits into most kinds."""
        if "\n" in str(value) and not into.many:
            raise Invalid(_("This text has several lines."), code="several_lines")
        return super().turned(value, into, cleaning)

    def search_text(self, value: object) -> str:
        """The beginning of the words; a search box needs no novel."""
        return plain(value or "")[:20_000]
