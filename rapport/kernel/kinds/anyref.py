"""A reference to a record of any type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import record_link
from rapport.kernel.kinds.normal import excerpt, one_line
from rapport.kernel.kinds.reference import hidden, read_uuid

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")


class AnyRefField(models.UUIDField):
    """The id of a record of any type, with its type key beside it.

    `about = AnyRefField()` gives the columns and attributes `about_id` (this field, as with a foreign key) and
    `about_type`. NULL by default; index the pair in the model's Meta where it is searched.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        """NULL by default."""
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def companions(self) -> tuple[str, ...]:
        """The columns beside this one that belong to the same field."""
        return (type_column(self.name),)

    def get_attname(self) -> str:
        """`about_id`, also when the field itself is called so."""
        return self.name if self.name.endswith("_id") else f"{self.name}_id"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Add the type column, except on migration state models, which list it themselves."""
        super().contribute_to_class(cls, name, private_only=private_only)
        beside = type_column(name)
        if cls.__module__ != "__fake__" and beside not in {field.name for field in cls._meta.local_fields}:
            made = models.CharField(gettext_lazy("record type"), max_length=40, blank=True, default="", editable=False)
            made.companion_of = name
            cls.add_to_class(beside, made)


def type_column(name: str) -> str:
    """The column that holds the type key for the field `name`."""
    return name.removesuffix("_id") + "_type"


@kind
class AnyRefKind(Kind):
    """A pair of type key and id: ("deal", UUID)."""

    key = "anyref"
    label = gettext_lazy("Record")
    stores = (AnyRefField,)
    custom = False
    sortable = False
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "in", "not_in", "empty", "not_empty")
    icon = "link-2"

    def columns(self, name: str) -> tuple[str, ...]:
        """Type, then id."""
        return type_column(name), name.removesuffix("_id") + "_id"

    def load(self, *stored: object) -> tuple[str, UUID] | None:
        """The pair, if whole."""
        if len(stored) == 1:
            return stored[0]
        return (stored[0], stored[1]) if stored[0] and stored[1] else None

    def store(self, value: object, name: str) -> dict[str, object]:
        """Both columns."""
        type_key, ident = value or ("", None)
        return dict(zip(self.columns(name), (type_key, ident), strict=True))

    def parse(self, text: str, cleaning: Cleaning) -> tuple[str, UUID] | None:
        """ "deal: title" or "deal: id"."""
        given = one_line(text, 500)
        if not given:
            return None
        type_key, colon, rest = (part.strip() for part in given.partition(":"))
        if not colon or not _TYPE.fullmatch(type_key) or not rest:
            raise Invalid(_("Write the type and the title, such as “deal: New roof”."), code="not_a_reference")
        if ident := read_uuid(rest):
            return self._seen(type_key, ident, cleaning)
        found = cleaning.resolver.find(type_key, rest) if cleaning.resolver else None
        if found is None:
            raise self._unknown(type_key, rest)
        return type_key, found

    def clean(self, value: object, cleaning: Cleaning) -> tuple[str, UUID] | None:
        """A pair, its JSON shape, or text."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return self.parse(value, cleaning)
        if isinstance(value, Mapping):
            value = (value.get("type"), value.get("id"))
        if isinstance(value, (tuple, list)) and len(value) == 2:
            type_key, ident = value[0], read_uuid(value[1])
            if isinstance(type_key, str) and _TYPE.fullmatch(type_key) and ident:
                return self._seen(type_key, ident, cleaning)
        raise Invalid(_("Give the type and the id of a record."), code="not_a_reference")

    def _seen(self, type_key: str, ident: UUID, cleaning: Cleaning) -> tuple[str, UUID]:
        if cleaning.resolver is not None and ident not in cleaning.resolver.exists(type_key, [ident]):
            raise self._unknown(type_key, ident)
        return type_key, ident

    @staticmethod
    def _unknown(type_key: str, given: object) -> Invalid:
        return Invalid(
            _("There is no %(noun)s called “%(text)s” that you can see.")
            % {"noun": type_key.replace("_", " "), "text": excerpt(given, 60)},
            code="unknown_reference",
        )

    def to_json(self, value: object) -> object:
        """{"type": "deal", "id": "..."}."""
        return None if value is None else {"type": value[0], "id": str(value[1])}

    def json_schema(self) -> dict[str, object]:
        """Type and id of the record."""
        return {
            "type": "object", "required": ["type", "id"], "additionalProperties": False,
            "properties": {"type": {"type": "string"}, "id": {"type": "string", "format": "uuid"}},
        }  # fmt: skip

    def from_json(self, value: object) -> tuple[str, UUID] | None:
        """The pair."""
        return None if value is None else (value["type"], UUID(value["id"]))

    def references(self, value: object) -> list[tuple[str, UUID]]:
        """The one record."""
        return [] if value is None else [value]

    def text(self, value: object, fmt: Format) -> str:
        """Type and title."""
        if value is None:
            return ""
        title = fmt.titles.get(value)
        return f"{value[0]}: {title.text}" if title else _("Not visible to you")

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A link with the record's mark."""
        if value is None:
            return DASH
        title = fmt.titles.get(value)
        return record_link(title) if title else hidden()

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A text input; the page's script offers records of every type."""
        return self.input_html(
            field,
            self.shown(value, fmt),
            name=name,
            error=error,
            autofocus=autofocus,
            attrs='data-anyref autocomplete="off"',
        )

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """Both columns together."""
        if op == "empty":
            return self.is_empty(path)
        wanted = Q()
        for one in [value] if op == "is" else self._several(value):
            pair = self.clean(one, cleaning)
            if pair is None:
                raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
            wanted |= Q(**{type_column(path): pair[0], path: pair[1]})
        return wanted or Q(pk__in=[])
