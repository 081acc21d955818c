"""One of a fixed set of values, shown by its label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import HUES, control, esc
from rapport.kernel.kinds.normal import excerpt, one_line
from rapport.kernel.text_folding import fold

#: Names of a dot's or badge's colour: the nine tag hues, the accent and the four of status.
COLOURS = (*HUES, "acc", "ok", "warn", "bad", "info")
#: From how many options on a required choice becomes a select instead of a segmented control.
FEW = 6
LONGEST_OPTION = 200


@dataclass(frozen=True)
class Words:
    """The options in one language: label by value, value by label; by folded label only where unmistakable."""

    labels: dict[str, str]
    exact: dict[str, str]
    folded: dict[str, str]
    cells: dict[str, SafeString]


class Options:
    """Values, labels and colours of a choice; labels may be lazy translations and are read once per language."""

    def __init__(self, choices: object, options: Mapping[str, object]) -> None:
        """`choices` as (value, label) pairs, plain texts, or a TextChoices class; Invalid when they make no sense.

        `options` are the kind's own: the registry puts "hues" there after the kind is made.
        """
        choices = getattr(choices, "choices", choices)
        if not isinstance(choices, Sequence) or isinstance(choices, str) or len(choices) > 500:
            raise Invalid(_("Options are a list of values and labels."), code="bad_option")
        self.pairs: dict[str, object] = {}
        for choice in choices:
            value, label = (
                (choice, choice)
                if isinstance(choice, str)
                else tuple(choice)
                if isinstance(choice, (list, tuple)) and len(choice) == 2
                else (None, None)
            )
            if value in (None, "") and label is not None:
                continue
            if (
                not isinstance(value, str)
                or len(value) > LONGEST_OPTION
                or not value.isprintable()
                or value != value.strip()
            ):
                raise Invalid(
                    _("An option needs a value of at most %(limit)d characters.") % {"limit": LONGEST_OPTION},
                    code="bad_option",
                )
            if value in self.pairs:
                raise Invalid(
                    _("The option “%(value)s” is there twice.") % {"value": excerpt(value)}, code="bad_option"
                )
            if isinstance(label, str):
                label = one_line(label, LONGEST_OPTION) or value
            self.pairs[value] = label
        self._options = options
        if unknown := [colour for colour in self.hues.values() if colour not in COLOURS]:
            raise Invalid(_("“%(name)s” is not one of the colours.") % {"name": excerpt(unknown[0])}, code="bad_option")
        self._words: dict[str, Words] = {}

    @property
    def retired(self) -> frozenset[str]:
        """Values that stand and are found, and that nobody is offered any more."""
        return frozenset(self._options.get("retired") or ())

    def offered(self, language: str, held: Iterable[str] = ()) -> dict[str, str]:
        """Label by value of what can be chosen: what is not retired, and what stands there already."""
        held = set(held)
        labels = self.words(language).labels
        return {value: label for value, label in labels.items() if value not in self.retired or value in held}

    @property
    def hues(self) -> Mapping[str, str]:
        """Colours by value."""
        return self._options.get("hues") or {}

    def words(self, language: str) -> Words:
        """The options in a language."""
        found = self._words.get(language)
        if found is None:
            with override(language):
                labels = {value: str(label) for value, label in self.pairs.items()}
            exact = {label: value for value, label in reversed(labels.items())}
            folded: dict[str, str] = {}
            for value, label in labels.items():
                key = fold(label)
                folded[key] = value if key not in folded else ""
            cells = {value: self._cell(value, label) for value, label in labels.items()}
            found = self._words[language] = Words(labels, exact, folded, cells)
        return found

    def _cell(self, value: str, label: str) -> SafeString:
        colour = self.hues.get(value)
        if not colour:
            return esc(label)
        dot = f'<i class="dot {colour}"></i>' if colour in ("acc", "ok", "warn", "bad", "info", "grey") else ""
        return SafeString(f'<span class="badge {colour}">{dot}{esc(label)}</span>')

    def find(self, text: str, language: str) -> str | None:
        """The value that a label (or else a value) means, exactly or without case and accents."""
        words = self.words(language)
        if (value := words.exact.get(text)) is not None:
            return value
        if text in words.labels:
            return text
        key = fold(text)
        return words.folded.get(key) or next((value for value in words.labels if fold(value) == key), None)

    def name(self, value: str, language: str) -> str:
        """The label, or the value where another option has the same label; `find` reads it back."""
        words = self.words(language)
        label = words.labels.get(value, value)
        return label if words.exact.get(label, value) == value else value

    def refuse(self, text: object, language: str) -> Invalid:
        """The sentence that lists what is allowed."""
        labels = [excerpt(label, 40) for label in self.words(language).labels.values()]
        listed = ", ".join(labels[:8]) + (" …" if len(labels) > 8 else "")
        return Invalid(
            _("“%(text)s” is not one of the options: %(options)s.") % {"text": excerpt(text, 40), "options": listed},
            code="not_an_option",
        )


@kind
class ChoiceKind(Kind):
    """One of a fixed set of values."""

    key = "choice"
    label = gettext_lazy("Choice")
    option_names = ("choices", "hues", "retired")
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "in", "not_in", "empty", "not_empty")
    icon = "circle-dot"
    becomes = ("multichoice", "text", "longtext", "yesno")

    def __init__(self, *, choices: object = (), hues: object = None, **options: object) -> None:
        """`choices` as (value, label) pairs; `hues` maps values to colours."""
        super().__init__(choices=choices, hues=hues, **options)
        self.choices = Options(choices, self.options)

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the column's choices; `hues` may stand on the field."""
        return cls(choices=list(model_field.flatchoices), hues=getattr(model_field, "hues", None))

    def json_schema(self) -> dict[str, object]:
        """One of the values; an old one may still stand where an option is gone."""
        return {"type": "string", "examples": list(self.choices.pairs)[:50]} if self.choices.pairs else {"type": "string"}

    def store(self, value: object, name: str) -> dict[str, object]:
        """The column is text, never NULL."""
        return {name: "" if value is None else value}

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """A label or value, without regard to case and accents."""
        given = text.strip()
        if not given:
            return None
        found = self.choices.find(given, cleaning.format.language) if len(given) <= 200 else None
        if found is None:
            raise self.choices.refuse(given, cleaning.format.language)
        return found

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """One of the values; a label is understood too."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return str(value) if value in self.choices.pairs else self.parse(value, cleaning)
        raise self.choices.refuse(value, cleaning.format.language)

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """The posted value."""
        return self.clean(raw[-1].strip() if raw else "", cleaning)

    def operand(self, value: object, cleaning: Cleaning) -> object:
        """A value first, so that filters kept in views survive a change of labels."""
        cleaned = self.clean(value, cleaning)
        if cleaned is None:
            raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
        return cleaned

    def is_empty(self, path: str) -> Q:
        """Nothing, or "" in a column."""
        nothing = Q(**{f"{path}__isnull": True})
        return nothing if self.in_json else nothing | Q(**{path: ""})

    def text(self, value: object, fmt: Format) -> str:
        """The label."""
        return "" if value is None else self.choices.name(value, fmt.language)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The label, as a badge where the option has a colour."""
        if not value:
            return DASH
        return self.choices.words(fmt.language).cells.get(value) or esc(value)

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """Radio buttons in a segmented control when few and required, else a select."""
        labels = self.choices.offered(fmt.language, [value] if isinstance(value, str) else ())
        attrs = control(field, name=name, error=error, autofocus=autofocus)
        if field.required and 0 < len(labels) < FEW:
            return self._segments(labels, value, name=name, attrs=attrs, title=field.label)
        known = labels if not value or value in labels else {**labels, value: value}
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SafeString(" selected") if key == value else "", shown) for key, shown in known.items()),
        )
        return format_html(
            '<span class="input{}"><select class="bare" {}><option value="">{}</option>{}</select></span>',
            " is-err" if error else "",
            mark_safe(attrs),
            _("None") if not field.required else _("Choose"),
            options,
        )

    @staticmethod
    def _segments(labels: dict[str, str], value: object, *, name: str, attrs: str, title: object) -> SafeString:
        """One radio button per option; the first carries the id, so that the label and errors point at it."""
        radios = []
        for at, (key, shown) in enumerate(labels.items()):
            own = (
                attrs
                if at == 0
                else attrs.replace(f'id="f-{esc(name)}"', f'id="f-{esc(name)}-{at}"').replace(" autofocus", "")
            )
            radios.append(
                format_html(
                    '<label><input type="radio" {} value="{}"{}><span>{}</span></label>',
                    mark_safe(own),
                    key,
                    SafeString(" checked") if key == value else "",
                    shown,
                )
            )
        return format_html(
            '<span class="seg" role="radiogroup" aria-label="{}">{}</span>', title, mark_safe("".join(radios))
        )
