"""Yes or no."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import control, esc, icon
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.text_folding import fold

_YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "t",
        "1",
        "x",
        "on",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "s",
        "sim",
        "verdadero",
        "vero",
        "tak",
        "ano",
        "igen",
        "evet",
        "da",
        "✓",
        "✔",
        "☑",
    ]
)
_NO = frozenset(
    [
        "no",
        "n",
        "false",
        "f",
        "0",
        "-",
        "off",
        "nein",
        "falsch",
        "non",
        "faux",
        "nao",
        "falso",
        "nee",
        "nie",
        "ne",
        "nem",
        "hayir",
        "niet",
        "☐",
        "✗",
        "✘",
    ]
)


@lru_cache(maxsize=64)
def _cells(language: str) -> tuple[SafeString, SafeString]:
    """The cells of no and yes in a language."""
    with override(language):
        no, yes = esc(_("No")), esc(_("Yes"))
    return SafeString(f'<span class="t3">{no}</span>'), SafeString(
        f'<span class="row row-6">{icon("check")}{yes}</span>'
    )


@kind
class YesNoKind(Kind):
    """A fact that holds or does not; `optional` ones may also be unknown."""

    key = "yesno"
    label = gettext_lazy("Yes or no")
    stores = (models.BooleanField,)
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "empty", "not_empty")
    icon = "square-check"
    becomes = ("text", "longtext", "choice")

    def __init__(self, *, optional: bool = True, **options: object) -> None:
        """`optional` is whether the column may be NULL."""
        super().__init__(optional=optional, **options)
        self.optional = optional

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """Optional where the column is."""
        return cls(optional=model_field.null)

    def store(self, value: object, name: str) -> dict[str, object]:
        """Not given is No in a column that must say something."""
        return {name: False if value is None and not self.optional else value}

    def json_schema(self) -> dict[str, object]:
        """True or false."""
        return {"type": "boolean"}

    def parse(self, text: str, cleaning: Cleaning) -> bool | None:
        """yes, no, true, 1, x, ja, oui, sí and the like."""
        given = text.strip()
        if not given:
            return None
        word = fold(given) if len(given) <= 20 else ""
        if word in _YES or word == fold(_("Yes")):
            return True
        if word in _NO or word == fold(_("No")):
            return False
        raise Invalid(_("“%(text)s” is neither yes nor no.") % {"text": excerpt(given, 30)}, code="not_yes_or_no")

    def clean(self, value: object, cleaning: Cleaning) -> bool | None:
        """A boolean, 0 or 1, or a word."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.parse(value, cleaning)
        if isinstance(value, int) and value in (0, 1):
            return bool(value)
        raise Invalid(_("“%(text)s” is neither yes nor no.") % {"text": excerpt(value, 30)}, code="not_yes_or_no")

    def text(self, value: object, fmt: Format) -> str:
        """Yes or No."""
        return "" if value is None else _("Yes") if value else _("No")

    def sheet_value(self, value: object, fmt: Format) -> object:
        """True or false."""
        return value

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A tick and the word, or the quiet word."""
        return DASH if value is None else _cells(fmt.language)[value]

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A checkbox; the hidden "no" before it is what an unticked box posts."""
        ticked = value is True or (isinstance(value, str) and fold(value) in _YES)
        attrs = control(field, name=name, error=error, autofocus=autofocus).replace(" required", "")
        return format_html(
            '<input type="hidden" name="{}" value="no"><input type="checkbox" {} value="yes"{}>',
            name,
            mark_safe(attrs),
            SafeString(" checked") if ticked else "",
        )
