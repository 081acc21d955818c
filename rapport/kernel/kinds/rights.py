"""What a role may do: {type or field group: {verb: scope} or level}, kept as one JSON value and changed by an action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning, Format, Kind, kind

if TYPE_CHECKING:
    from rapport.kernel.records.field import Field

_WORD = re.compile(r"[\w.*-]{1,80}")
#: Longest accepted size: every type with every verb is far below it.
_MOST = 500


class RightsField(models.JSONField):
    """The column of a rights table."""


@kind
class RightsKind(Kind):
    """A table of words: `{"customer": {"view": "team"}}` or `{"sales.amounts": "read"}`."""

    key = "rights"
    label = gettext_lazy("Rights")
    stores = (RightsField,)
    operators: ClassVar[tuple[str, ...]] = ()
    sortable = False
    custom = False
    icon = "shield-check"

    def clean(self, value: object, cleaning: Cleaning) -> object:
        """The same table; raises Invalid when it is not made of short words."""
        if value in (None, "", {}):
            return None
        if not isinstance(value, Mapping) or len(value) > _MOST or not all(_is_line(k, v) for k, v in value.items()):
            raise Invalid(_("Rights are written as {type: {verb: scope}}."), code="bad_rights")
        return {key: dict(line) if isinstance(line, Mapping) else line for key, line in value.items()}

    def json_schema(self) -> dict[str, object]:
        """A table of words by words."""
        return {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "object"}]}}

    def store(self, value: object, name: str) -> dict[str, object]:
        """An empty table rather than none: whoever reads rights finds words or nothing."""
        return {name: value if value is not None else {}}

    def parse(self, text: str, cleaning: Cleaning) -> object:
        """The table that `text` wrote, from its lines."""
        found: dict[str, object] = {}
        for line in text.splitlines():
            key, _colon, rest = (part.strip() for part in line.partition(":"))
            if not key:
                continue
            pairs = [part.split() for part in rest.split(",") if part.strip()]
            if pairs and all(len(pair) == 2 for pair in pairs):
                found[key] = dict(pairs)
            elif rest and " " not in rest and "," not in rest:
                found[key] = rest
            else:
                raise Invalid(
                    _("Write one line for each: “type: verb scope, verb scope”, or “field group: level”."), code="bad_rights"
                )
        return self.clean(found, cleaning) if found else None

    def widget(
        self, field: Field, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The lines of the table as text."""
        told = format_html(' aria-invalid="true" aria-describedby="e-{}"', name) if error else ""
        return format_html(
            '<span class="input area{}"><textarea class="bare" id="f-{}" name="{}" rows="8"{}>{}</textarea></span>',
            " is-err" if error else "", name, name, told, self.shown(value, fmt),
        )  # fmt: skip

    def text(self, value: object, fmt: Format) -> str:
        """One line per entry, for the change log."""
        return "\n".join(_line(key, line) for key, line in sorted(value.items())) if isinstance(value, Mapping) else ""


def _is_line(key: object, line: object) -> bool:
    if isinstance(line, Mapping) and not line:
        return False
    words = [key, *([*line, *line.values()] if isinstance(line, Mapping) else [line])]
    return len(words) <= _MOST and all(isinstance(word, str) and _WORD.fullmatch(word) for word in words)


def _line(key: str, line: object) -> str:
    if isinstance(line, Mapping):
        return f"{key}: " + ", ".join(f"{verb} {scope}" for verb, scope in sorted(line.items()))
    return f"{key}: {line}"
