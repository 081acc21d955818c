"""One stored file. The bytes are kept elsewhere; this kind knows the file's key, name, size and type."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import control, esc, icon
from rapport.kernel.kinds.normal import one_line

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
_TEXT = re.compile(r"(?P<name>.+) \[(?P<type>[^\s,\]]*), (?P<size>\d{1,15}), (?P<key>[A-Za-z0-9_-]{16,64})\]")
LARGEST = 10**12
#: Marks that turn the direction of writing, so that "exe.fdp" reads as "pdf.exe", and such as cannot be seen.
_HIDING = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class FileField(models.JSONField):
    """One stored file: {"key", "name", "size", "type"}; NULL for none. The bytes live elsewhere."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """NULL by default."""
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)


def new_key() -> str:
    """A key that nobody can guess, for a file about to be stored."""
    return secrets.token_urlsafe(24)


def file_name(given: object) -> str:
    """A name without path, that shows what it is."""
    name = _HIDING.sub("", one_line(given, 255)) if isinstance(given, str) else ""
    name = re.split(r"[/\\]", name)[-1].strip(" .") or _("File")
    return name


@kind
class FileKind(Kind):
    """One stored file."""

    key = "file"
    label = gettext_lazy("File")
    stores = (FileField,)
    sortable = False
    operators: ClassVar[tuple[str, ...]] = ("empty", "not_empty")
    icon = "paperclip"

    def json_schema(self) -> dict[str, object]:
        """The four facts about a stored file; its bytes are uploaded on their own."""
        facts = {"key": {"type": "string"}, "name": {"type": "string"}, "size": {"type": "integer"}, "type": {"type": "string"}}
        return {"type": "object", "required": list(facts), "properties": facts}

    def parse(self, text: str, cleaning: Cleaning) -> dict[str, object] | None:
        """What `text` wrote."""
        given = one_line(text, 600)
        if not given:
            return None
        found = _TEXT.fullmatch(given)
        if not found:
            raise Invalid(_("Upload the file; a name alone does not bring it here."), code="not_a_file")
        return self.clean(found.groupdict() | {"size": int(found["size"])}, cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> dict[str, object] | None:
        """The four facts about a stored file."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return self.parse(value, cleaning)
        if not isinstance(value, Mapping):
            raise Invalid(_("Upload the file; a name alone does not bring it here."), code="not_a_file")
        key, size, type_ = value.get("key"), value.get("size"), value.get("type")
        if (
            not isinstance(key, str)
            or not _KEY.fullmatch(key)
            or isinstance(size, bool)
            or not isinstance(size, int)
            or not 0 <= size <= LARGEST
        ):
            raise Invalid(_("There is no such file; upload it again."), code="not_a_file")
        type_ = (
            type_.lower() if isinstance(type_, str) and _TYPE.fullmatch(type_.lower()) else "application/octet-stream"
        )
        found = {"key": key, "name": file_name(value.get("name")), "size": size, "type": type_}
        if cleaning.resolver is not None:
            # Knowing a key is not enough, and what a request says of size and type is not believed.
            known = cleaning.resolver.file(key)
            if known is None:
                raise Invalid(_("There is no such file; upload it again."), code="not_a_file")
            found |= {name: known[name] for name in ("size", "type") if name in known}
        return found

    def text(self, value: object, fmt: Format) -> str:
        """Name, type, size and key."""
        return "" if not value else f"{value['name']} [{value['type']}, {value['size']}, {value['key']}]"

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A link with a paperclip and the size."""
        if not value:
            return DASH
        return SafeString(
            f'<a class="row row-6" href="/file/{esc(value["key"])}">{icon("paperclip")}'
            f'<span class="trunc">{esc(value["name"])}</span>'
            f'<span class="t3 nowrap">{esc(shown_as.file_size(value["size"], fmt))}</span></a>'
        )

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The file that is there, kept by a hidden input, and one to choose, which the surface stores first."""
        kept = self.shown(value, fmt)
        attrs = control(field, name=name, error=error, autofocus=autofocus).replace(
            f'name="{esc(name)}"', f'name="{esc(name)}__upload"'
        )
        if kept:
            attrs = attrs.replace(" required", "")
        return format_html(
            '<input type="hidden" name="{}" value="{}">'
            '<span class="input{}"><input class="bare" type="file" {}></span>',
            name,
            kept,
            " is-err" if error else "",
            mark_safe(attrs),
        )

    def is_empty(self, path: str) -> models.Q:
        """SQL NULL or JSON null."""
        return models.Q(**{f"{path}__isnull": True}) | models.Q(**{path: None})

    def search_text(self, value: object) -> str:
        """The name."""
        return value["name"] if value else ""

    def index_keys(self, value: object) -> list[str]:
        """The key, so that the record a file belongs to is found without a scan when somebody downloads it."""
        return [value["key"]] if value else []
