"""What multi-valued kinds share: the list column, entries with a label ("work: ..."), and the value index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

import orjson
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning, Format, Kind
from rapport.kernel.kinds.markup import control
from rapport.kernel.kinds.normal import excerpt, one_line

#: Longest text that is cut into entries; far above any real list, far below what could hold a worker up.
LONGEST = 20_000
_LABELLED = re.compile(r"([^\W\d_][^:;,@\n+()\d]{0,29}):\s*(?!//)(.*)", re.DOTALL)
_LABEL = re.compile(r"[^\W\d_][^:;,@\n+()\d]{0,29}")


class ListField(models.JSONField):
    """A JSON list column, never NULL: no entries are stored as []."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Blank and an empty list by default; the kind says what an entry looks like."""
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: object, expression: object, connection: object) -> object:
        """Most lists are empty, and need no decoder (a page of 50 customers has 200 of them: 6.5 ms became 5.6); for the others
        orjson takes a quarter of the time."""
        if value == "[]":
            return []
        if isinstance(value, str) and not isinstance(expression, KeyTransform):
            return orjson.loads(value)
        return super().from_db_value(value, expression, connection)  # type: ignore[misc]


class ManyKind(Kind):
    """Several values in one list column, found through the value index."""

    many: ClassVar[bool] = True
    sortable: ClassVar[bool] = False
    most: ClassVar[int] = 20

    def json_schema(self) -> dict[str, object]:
        """A list of at most so many values."""
        return {"type": "array", "items": self.entry_schema(), "maxItems": self.most}

    def entry_schema(self) -> dict[str, object]:
        """One value of the list."""
        return {"type": "string"}

    def store(self, value: object, name: str) -> dict[str, object]:
        """No entries are []."""
        return {name: [] if value is None else value}

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """Only emptiness is asked of the column; everything else goes through `index_query`."""
        if op == "empty":
            return self.is_empty(path)
        raise Invalid(_("This field cannot be filtered in this way."), code="bad_operator")

    def is_empty(self, path: str) -> Q:
        """No key in the custom JSON, or an empty list in a column."""
        nothing = Q(**{f"{path}__isnull": True})
        return nothing if self.in_json else nothing | Q(**{path: []})

    def index_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """Any one of the wanted values; kinds say in `key_query` how one is found."""
        if op not in self.operators:
            raise Invalid(_("This field cannot be filtered in this way."), code="bad_operator")
        wanted = Q()
        single = {"in": "is", "has": "is", "has_any": "is"}.get(op, op)
        several = self._several(value)
        if len(several) > 200:
            raise Invalid(_("Compare with at most 200 values at once."), code="too_many")
        for one in several:
            wanted |= self.key_query(single, one, cleaning)
        return wanted or Q(pk__in=[])

    def key_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """The condition on `key` for one value and the operators is, contains, starts, ends."""
        lookup = {"is": "exact", "contains": "contains", "starts": "startswith", "ends": "endswith"}[op]
        return Q(**{f"key__{lookup}": self.key_of(value, cleaning)})

    def key_of(self, value: object, cleaning: Cleaning) -> str:
        """A filter value as a key of the index."""
        raise NotImplementedError

    def searched_as(self, op: str, value: object, cleaning: Cleaning) -> str:
        """Words that the search index has for every record that the condition finds, so that few are found without
        reading all keys; "" where the keys know more than the search index does."""
        return ""

    def entries(self, value: object) -> list[object] | None:
        """The items of a list or of one thing; None when there are none. Refuses more than fit."""
        if value is None or value == "":
            return None
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        if len(items) > self.most:
            raise Invalid(_("At most %(most)d fit here.") % {"most": self.most}, code="too_many")
        return items


class LabelledKind(ManyKind):
    """Entries of {"value", "label"} such as phones and addresses of e-mail, typed "work: …; …"."""

    #: What separates typed entries.
    split: ClassVar[re.Pattern[str]] = re.compile(r"[;\n\r]+")
    input_attrs: ClassVar[str] = ""

    def entry_schema(self) -> dict[str, object]:
        """A value with its label; phones may add an extension, and what was typed where no number could be made of it."""
        return {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {name: {"type": "string"} for name in ("value", "label", "ext", "raw")},
        }  # fmt: skip

    def accepted_schema(self) -> dict[str, object]:
        """A text, or a list of entries and texts."""
        items = {"anyOf": [self.entry_schema(), {"type": "string"}]}
        return {"anyOf": [{"type": "array", "items": items, "maxItems": self.most}, {"type": "string"}]}

    def one(self, text: str, cleaning: Cleaning) -> dict[str, str]:
        """The entry (without label) that a typed text means; raises Invalid."""
        raise NotImplementedError

    def written(self, entry: Mapping[str, str]) -> str:
        """The typed form of an entry without its label; `one` reads it back."""
        return entry["value"]

    def parse(self, text: str, cleaning: Cleaning) -> list[dict[str, str]] | None:
        """Entries separated by ";" or line ends, each with an optional label before a colon."""
        if len(text) > LONGEST:
            raise Invalid(
                _("This has %(length)d characters; at most %(limit)d fit.") % {"length": len(text), "limit": LONGEST},
                code="too_long",
            )
        return self.clean([part for part in self.split.split(text) if part.strip()], cleaning)

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """One input per entry; each may hold several."""
        return self.parse("\n".join(raw), cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> list[dict[str, str]] | None:
        """A list of entries or texts; the same value twice is kept once."""
        kept: dict[object, dict[str, str]] = {}
        for item in self.entries(value) or ():
            entry = self._entry(item, cleaning)
            if entry:
                kept.setdefault(self.same(entry), entry)
        return list(kept.values()) or None

    def same(self, entry: Mapping[str, str]) -> object:
        """What makes two entries the same one."""
        return entry["value"]

    def _entry(self, item: object, cleaning: Cleaning) -> dict[str, str] | None:
        label = ""
        if isinstance(item, Mapping):
            given, label = item.get("raw") or item.get("value"), item.get("label") or ""
            if given and item.get("ext"):
                given = f"{given} x{item['ext']}"
        else:
            given = item
        if given is None or given == "":
            return None
        text = one_line(given, 300)
        if not isinstance(item, Mapping) and (found := _LABELLED.fullmatch(text)):
            label, text = found[1], found[2]
        if not text:
            return None
        label = one_line(label, 30)
        if label and not _LABEL.fullmatch(label):
            raise Invalid(
                _("“%(label)s” is no label; use a word such as work.") % {"label": excerpt(label, 30)}, code="bad_label"
            )
        return {**self.one(text, cleaning), "label": label}

    def text(self, value: object, fmt: Format) -> str:
        """ "work: first; second"."""
        return "; ".join(self._line(entry) for entry in value or ())

    def _line(self, entry: Mapping[str, str]) -> str:
        return f"{entry['label']}: {self.written(entry)}" if entry["label"] else self.written(entry)

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """One input per entry and an empty one for the next; `data-repeat` lets a script add more."""
        lines = (
            [part for part in self.split.split(value) if part.strip()]
            if isinstance(value, str)
            else [self._line(entry) for entry in value or ()]
        )
        inputs = []
        for at, line in enumerate([*lines[: self.most], ""]):
            attrs = control(
                field, name=name, error=error, autofocus=autofocus and at == 0, suffix=f"-{at}" if at else ""
            )
            inputs.append(
                format_html(
                    '<span class="input{}"><input class="bare" type="text" value="{}" {} {}></span>',
                    " is-err" if error else "",
                    line,
                    mark_safe(attrs if at == 0 else attrs.replace(" required", "")),
                    # The label stands before the first input only.
                    mark_safe(self.input_attrs)
                    if at == 0
                    else format_html('{} aria-label="{} {}"', mark_safe(self.input_attrs), field.label, at + 1),
                )
            )
        return format_html('<span class="col row-6" data-repeat>{}</span>', mark_safe("".join(inputs)))

    def search_text(self, value: object) -> str:
        """Every value."""
        return " ".join(entry["value"] for entry in value or ())
