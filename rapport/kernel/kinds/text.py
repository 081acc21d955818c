"""Text of one line: names, titles, codes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import filter_text, one_line


class Words(Kind):
    """What all kinds kept as text share: storage as "" for None, and comparing without regard to case."""

    operators: ClassVar[tuple[str, ...]] = (
        "is",
        "is_not",
        "contains",
        "not_contains",
        "starts",
        "ends",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    max_length = 200

    def store(self, value: object, name: str) -> dict[str, object]:
        """Text columns are never NULL."""
        return {name: "" if value is None else value}

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """Words compare without regard to case."""
        if op == "empty":
            return self.is_empty(path)
        if op == "in":
            wanted = Q()
            for one in self._several(value):
                wanted |= Q(**{f"{path}__iexact": filter_text(one)})
            return wanted or Q(pk__in=[])
        lookup = {"is": "iexact", "contains": "icontains", "starts": "istartswith", "ends": "iendswith"}[op]
        return Q(**{f"{path}__{lookup}": filter_text(value)})

    def is_empty(self, path: str) -> Q:
        """Nothing, or "" in a column."""
        return Q(**{f"{path}__isnull": True}) if self.in_json else Q(**{f"{path}__isnull": True}) | Q(**{path: ""})

    def search_text(self, value: object) -> str:
        """The words themselves."""
        return value or ""


@kind
class TextKind(Words):
    """One line of text, at most `max_length` characters."""

    key = "text"
    label = gettext_lazy("Text")
    stores = (models.CharField,)
    option_names = ("max_length",)
    icon = "type"

    def __init__(self, *, max_length: int = 200, **options: object) -> None:
        """`max_length` from the column, or 200."""
        super().__init__(max_length=max_length, **options)
        if isinstance(max_length, bool) or not isinstance(max_length, int) or not 1 <= max_length <= 10_000:
            raise Invalid(_("The longest length lies between 1 and 10,000."), code="bad_option")
        self.max_length = max_length

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the column's length."""
        return cls(max_length=model_field.max_length or 10_000)

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """The text itself, tidied."""
        return one_line(text, self.max_length) or None

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """The text itself, tidied."""
        return None if value is None else one_line(value, self.max_length) or None

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The text."""
        return esc(value) if value else DASH

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A one-line input that knows its longest length."""
        attrs = format_html('maxlength="{}"', self.max_length)
        return self.input_html(field, self.shown(value, fmt), name=name, error=error, autofocus=autofocus, attrs=attrs)
