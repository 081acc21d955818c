"""Several of a fixed set of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.choice import LONGEST_OPTION, Options
from rapport.kernel.kinds.lists import LONGEST, ListField, ManyKind
from rapport.kernel.kinds.markup import esc


class MultiChoiceField(ListField):
    """Several of a fixed set of values, kept as a JSON list in the order of the options.

    `choices` are kept as `options` and away from Django, which would check the whole list as one value.
    They are meaning, not storage, and stay out of migrations.
    """

    def __init__(self, *args: object, choices: object = (), hues: object = None, **kwargs: object) -> None:
        """`choices` as (value, label) pairs or a TextChoices class; `hues` maps values to colours."""
        self.options = list(getattr(choices, "choices", choices) or ())
        self.hues = hues
        super().__init__(*args, **kwargs)


@kind
class MultiChoiceKind(ManyKind):
    """Several of a fixed set of values."""

    key = "multichoice"
    label = gettext_lazy("Several choices")
    stores = (MultiChoiceField,)
    option_names = ("choices", "hues", "retired")
    operators: ClassVar[tuple[str, ...]] = ("has", "has_any", "is", "is_not", "in", "not_in", "empty", "not_empty")
    icon = "list-checks"
    most = 500
    becomes = ("choice", "text", "longtext", "tags")

    def __init__(self, *, choices: object = (), hues: object = None, **options: object) -> None:
        """As the choice kind."""
        super().__init__(choices=choices, hues=hues, **options)
        self.choices = Options(choices, self.options)
        self._order = {value: at for at, value in enumerate(self.choices.pairs)}

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the field's options."""
        return cls(choices=model_field.options, hues=model_field.hues)

    def entry_schema(self) -> dict[str, object]:
        """One of the values."""
        return {"type": "string", "enum": list(self.choices.pairs)} if self.choices.pairs else {"type": "string"}

    def parse(self, text: str, cleaning: Cleaning) -> list[str] | None:
        """Labels or values between semicolons or line ends; commas too, where the whole is no label."""
        language = cleaning.format.language
        if len(text) > LONGEST:
            raise Invalid(
                _("This has %(length)d characters; at most %(limit)d fit.") % {"length": len(text), "limit": LONGEST},
                code="too_long",
            )
        found: list[str] = []
        for line in text.splitlines():
            found += self._split(line, language, ";,")
        return self._ordered(found)

    def _split(self, text: str, language: str, signs: str) -> list[str]:
        """The whole text where it is an option, else its parts between the first of the signs, and so on."""
        given = text.strip()
        if not given:
            return []
        whole = self.choices.find(given, language) if len(given) <= LONGEST_OPTION else None
        if whole is not None:
            return [whole]
        if not signs:
            raise self.choices.refuse(given, language)
        return [one for part in given.split(signs[0]) for one in self._split(part, language, signs[1:])]

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """One posted value per ticked box; the hidden "" says that the boxes were there."""
        return self.clean([value for value in raw if value], cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> list[str] | None:
        """A list of values; labels are understood too."""
        items = self.entries(value)
        if not items:
            return None
        return self._ordered(
            [
                item if isinstance(item, str) and item in self._order else self._one(item, cleaning.format.language)
                for item in items
            ]
        )

    def _one(self, given: object, language: str) -> str:
        found = self.choices.find(given, language) if isinstance(given, str) and len(given) <= 200 else None
        if found is None:
            raise self.choices.refuse(given, language)
        return found

    def _ordered(self, found: list[str]) -> list[str] | None:
        return sorted(set(found), key=self._order.__getitem__) or None

    def text(self, value: object, fmt: Format) -> str:
        """Labels between semicolons, as a label may hold a comma; in lines where one holds a semicolon."""
        names = [self.choices.name(one, fmt.language) for one in value or ()]
        if any(";" in name for name in names):
            return "\n".join(names)
        return "; ".join(names)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """Badges."""
        if not value:
            return DASH
        words, hues = self.choices.words(fmt.language), self.choices.hues
        return SafeString(
            " ".join(
                f'<span class="badge {hues.get(one, "grey")}">{esc(words.labels.get(one, one))}</span>' for one in value
            )
        )

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """One box per option."""
        ticked = set(value) if isinstance(value, (list, tuple)) else {part.strip() for part in (value or "").split(",")}
        boxes = [format_html('<input type="hidden" name="{}" value="">', name)]
        for at, (key, shown) in enumerate(self.choices.offered(fmt.language, ticked).items()):
            boxes.append(
                format_html(
                    '<label class="row row-6"><input type="checkbox" id="f-{}{}" name="{}" value="{}"{}{}>{}</label>',
                    name,
                    f"-{at}" if at else "",
                    name,
                    key,
                    SafeString(" checked") if key in ticked else "",
                    SafeString(" autofocus") if autofocus and not at else "",
                    shown,
                )
            )
        described = format_html(' aria-describedby="e-{}"', name) if error else ""
        return format_html(
            '<span class="col row-6" role="group" aria-label="{}"{}>{}</span>',
            field.label,
            described,
            mark_safe("".join(boxes)),
        )

    def key_of(self, value: object, cleaning: Cleaning) -> str:
        """The value of an option."""
        if isinstance(value, str) and value in self._order:
            return value
        return self._one(value, cleaning.format.language)

    def index_keys(self, value: object) -> list[str]:
        """Each value."""
        return list(value or ())
