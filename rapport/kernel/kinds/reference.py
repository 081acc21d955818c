"""A reference to a record of one type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind, kind_by_key
from rapport.kernel.kinds.markup import esc, record_link
from rapport.kernel.kinds.normal import excerpt, one_line


def hidden() -> SafeString:
    """What stands for a record that the viewer may not see."""
    return SafeString(f'<span class="t3">{esc(_("Not visible to you"))}</span>')


def read_uuid(value: object) -> UUID | None:
    """A UUID from itself or its usual text; None for anything else."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and len(value) in (32, 36):
        try:
            return UUID(value)
        except ValueError:
            return None
    return None


@kind
class ReferenceKind(Kind):
    """The id of one record; columns are named by the attribute, `customer_id`.

    The registry sets `to`, the key of its type, and may set `noun`, its name in sentences.
    """

    key = "reference"
    label = gettext_lazy("Reference")
    stores = (models.ForeignKey,)
    option_names = ("to",)
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "in", "not_in", "empty", "not_empty")
    icon = "link"
    #: Shape of the mark in cells; None takes the record's own.
    shape: ClassVar[str | None] = None
    to: str = ""
    noun: object = ""

    def __init__(self, *, to: str = "", **options: object) -> None:
        """`to` may be set later."""
        super().__init__(to=to, **options)
        if not isinstance(to, str):
            raise Invalid(_("Name the type that the field points at."), code="bad_option")
        self.to = to or type(self).to

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """The user and team kinds for their tables."""
        target = model_field.remote_field.model
        label = target.lower() if isinstance(target, str) else target._meta.label_lower
        name = label.rpartition(".")[2]
        if label == settings.AUTH_USER_MODEL.lower() or name == "user":
            return kind_by_key("user")()
        return kind_by_key("team")() if name == "team" else cls()

    def parse(self, text: str, cleaning: Cleaning) -> UUID | None:
        """A title, e-mail address, external id or UUID of a record that the viewer may see."""
        given = one_line(text, 500)
        if not given:
            return None
        if ident := read_uuid(given):
            return self.seen(ident, given, cleaning)
        found = cleaning.resolver.find(self.to, given) if cleaning.resolver else None
        if found is None:
            raise self.unknown(given)
        return found

    def clean(self, value: object, cleaning: Cleaning) -> UUID | None:
        """The id of a record that the viewer may see, or text that finds it."""
        if value is None or value == "":
            return None
        if isinstance(value, Mapping):
            value = value.get("id")
        if ident := read_uuid(value):
            return self.seen(ident, value, cleaning)
        if isinstance(value, str):
            return self.parse(value, cleaning)
        raise self.unknown(value)

    def seen(self, ident: UUID, given: object, cleaning: Cleaning) -> UUID:
        """The id itself if the viewer may see the record; a stranger's record and none read alike."""
        if cleaning.resolver is not None and ident not in cleaning.resolver.exists(self.to, [ident]):
            raise self.unknown(given)
        return ident

    def unknown(self, given: object) -> Invalid:
        """One sentence for unknown and invisible."""
        noun = str(self.noun) or self.to.replace("_", " ") or _("record")
        return Invalid(
            _("There is no %(noun)s called “%(text)s” that you can see.") % {"noun": noun, "text": excerpt(given, 60)},
            code="unknown_reference",
        )

    def from_post(self, post: Mapping[str, Sequence[str]], name: str, cleaning: Cleaning) -> object:
        """The hidden id where the visible text still is the one it stood for, else whatever the text finds.

        Without script the text alone is changed, so `<name>__was` holds the text that belongs to the id.
        """
        ident = (post.get(name) or [""])[-1].strip()
        if f"{name}__text" not in post:
            return self.clean(ident, cleaning)
        text = post[f"{name}__text"][-1].strip() if post[f"{name}__text"] else ""
        was = (post.get(f"{name}__was") or [""])[-1].strip()
        return self.clean(ident, cleaning) if text and ident and text == was else self.parse(text, cleaning)

    def to_json(self, value: object) -> object:
        """The id as text."""
        return None if value is None else str(value)

    def json_schema(self) -> dict[str, object]:
        """The id of the record."""
        return {"type": "string", "format": "uuid"}

    def accepted_schema(self) -> dict[str, object]:
        """The id; or a title, e-mail address or external id that only one record has."""
        return {"type": "string"}

    def from_json(self, value: object) -> UUID | None:
        """The id."""
        return None if value is None else UUID(str(value))

    def references(self, value: object) -> list[tuple[str, UUID]]:
        """The one record."""
        return [] if value is None else [(self.to, value)]

    def text(self, value: object, fmt: Format) -> str:
        """The record's title."""
        if value is None:
            return ""
        title = fmt.titles.get((self.to, read_uuid(value) or value))
        return title.text if title else _("Not visible to you")

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A link with the record's mark."""
        if value is None:
            return DASH
        title = fmt.titles.get((self.to, read_uuid(value) or value))
        return record_link(title, self.shape) if title else hidden()

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A combobox that is a plain text input without script; a script that picks a record sets all three inputs."""
        ident = read_uuid(value)
        shown = self.text(ident, fmt) if ident else value if isinstance(value, str) else ""
        fixed = format_html(
            '<input type="hidden" name="{}" value="{}"><input type="hidden" name="{}__was" value="{}">',
            name,
            ident or "",
            name,
            shown if ident else "",
        )
        return format_html(
            '<span class="input{}">{}<input class="bare" type="text" id="f-{}" name="{}__text" value="{}" '
            'role="combobox" aria-expanded="false" aria-autocomplete="list" autocomplete="off" '
            'data-combobox data-type="{}" data-label="{}"{}{}{}{}></span>',
            " is-err" if error else "",
            fixed,
            name,
            name,
            shown,
            self.to,
            shown if ident else "",
            format_html(' data-only="{}"', field.only) if getattr(field, "only", "") else "",
            SafeString(" required") if field.required else "",
            SafeString(" autofocus") if autofocus else "",
            format_html(' aria-invalid="true" aria-describedby="e-{}"', name) if error else "",
        )
