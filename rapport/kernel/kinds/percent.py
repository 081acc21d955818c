"""Whole percentages."""

from __future__ import annotations

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.number import NumberKind


class PercentField(models.SmallIntegerField):
    """A whole percentage, 0 to 100 unless told otherwise."""

    def __init__(self, *args: object, minimum: int = 0, maximum: int = 100, **kwargs: object) -> None:
        """`minimum` and `maximum` bound what may be given."""
        self.minimum, self.maximum = minimum, maximum
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        """Bounds are written only when they differ from 0 and 100."""
        name, path, args, kwargs = super().deconstruct()
        if self.minimum != 0:
            kwargs["minimum"] = self.minimum
        if self.maximum != 100:
            kwargs["maximum"] = self.maximum
        return name, path, args, kwargs


@kind
class PercentKind(NumberKind):
    """A whole number of hundredths, 0 to 100 unless the field says otherwise."""

    key = "percent"
    label = gettext_lazy("Percentage")
    stores = (PercentField,)
    option_names = ("minimum", "maximum")
    icon = "percent"
    becomes = ("text", "longtext")
    summable = False

    def __init__(self, *, minimum: int = 0, maximum: int = 100, **options: object) -> None:
        """Bounds in per cent."""
        options.pop("decimals", None)
        super().__init__(decimals=0, minimum=minimum, maximum=maximum, **options)

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the field's bounds."""
        return cls(minimum=model_field.minimum, maximum=model_field.maximum)

    def parse(self, text: str, cleaning: Cleaning) -> int | None:
        """With or without the sign: "45", "45 %"."""
        return super().parse(text.replace("%", " ", 1).strip(), cleaning)

    def text(self, value: object, fmt: Format) -> str:
        """With an ASCII sign."""
        return "" if value is None else f"{value}%"

    def sheet_value(self, value: object, fmt: Format) -> object:
        """With its sign, for a cell that counts would need a style per field."""
        return self.text(value, fmt)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """As the language writes percentages."""
        return DASH if value is None else esc(shown_as.percent(value, fmt))

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The figure alone."""
        shown = value if isinstance(value, str) else "" if value is None else str(value)
        attrs = format_html('inputmode="numeric" autocomplete="off" maxlength="{}"', 8)
        return self.input_html(field, shown, name=name, error=error, autofocus=autofocus, attrs=attrs)
