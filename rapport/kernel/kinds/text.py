"""Text of one line: names, titles, codes."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
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

    def json_schema(self) -> dict[str, object]:
        """Text up to its longest length."""
        return {"type": "string", "maxLength": self.max_length}

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


class LanguageField(models.CharField):
    """A language code ("en", "de-AT"), shown by its name; in the database and in migrations plain text."""

    shows_language = True

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        """As the plain column that it is."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


@lru_cache(maxsize=1024)
def language_name(code: str, language: str) -> str:
    """The name of a language in a language; the code itself where nobody knows it."""
    found = shown_as.locale_of(language).languages.get(code.replace("-", "_")) or shown_as.locale_of(
        language
    ).languages.get(code[:2])
    return shown_as.capital(found) if found else code


@kind
class TextKind(Words):
    """One line of text, at most `max_length` characters."""

    key = "text"
    label = gettext_lazy("Text")
    stores = (models.CharField,)
    option_names = ("max_length",)
    icon = "type"
    becomes = (
        "longtext", "choice", "multichoice", "number", "percent", "money", "date",
        "datetime", "time", "yesno", "one_email", "email", "phone", "web", "tags",
    )  # fmt: skip

    def __init__(self, *, max_length: int = 200, shows_language: bool = False, **options: object) -> None:
        """`max_length` from the column, or 200; `shows_language` for columns of language codes."""
        super().__init__(max_length=max_length, **options)
        self.shows_language = shows_language
        if isinstance(max_length, bool) or not isinstance(max_length, int) or not 1 <= max_length <= 10_000:
            raise Invalid(_("The longest length lies between 1 and 10,000."), code="bad_option")
        self.max_length = max_length

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the column's length."""
        return cls(
            max_length=model_field.max_length or 10_000,
            shows_language=getattr(model_field, "shows_language", False),
        )

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """The text itself, tidied."""
        return one_line(text, self.max_length) or None

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """The text itself, tidied."""
        return None if value is None else one_line(value, self.max_length) or None

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The text; a language by its name."""
        if not value:
            return DASH
        return esc(language_name(value, fmt.language) if self.shows_language else value)

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A one-line input that knows its longest length."""
        attrs = format_html('maxlength="{}"', self.max_length)
        return self.input_html(field, self.shown(value, fmt), name=name, error=error, autofocus=autofocus, attrs=attrs)
