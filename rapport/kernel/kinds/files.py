"""Several files at once, as an input of an action. No field holds this: a record of its own stands for each file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning, Format, Kind
from rapport.kernel.kinds.file import FileKind
from rapport.kernel.kinds.markup import control, icon


class FilesKind(Kind):
    """A list of stored files. Not registered, since it stores nothing; the surface keeps what is uploaded first."""

    key = "files"
    sortable = False
    operators: ClassVar[tuple[str, ...]] = ()
    icon = "paperclip"
    most = 10
    _one = FileKind()

    def json_schema(self) -> dict[str, object]:
        """The facts of each."""
        return {"type": "array", "items": self._one.json_schema(), "maxItems": self.most}

    def accepted_schema(self) -> dict[str, object]:
        """As it is given."""
        return self.json_schema()

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """One text for each that was uploaded before and is still wanted."""
        return self.clean([one for one in raw if one.strip()], cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> list[dict[str, object]] | None:
        """Each as a file is cleaned: whoever merely knows a key gets nothing by it. The same one twice is one."""
        if value is None or value == "":
            return None
        given = value if isinstance(value, (list, tuple)) else [value]
        found = {str(one["key"]): one for one in (self._one.clean(some, cleaning) for some in given) if one}
        if len(found) > self.most:
            raise Invalid(_("At most %(most)d files go along at once.") % {"most": self.most}, code="too_many")
        return list(found.values()) or None

    def text(self, value: object, fmt: Format) -> str:
        """A line for each."""
        return "\n".join(self._one.text(one, fmt) for one in value) if isinstance(value, list) else ""

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A box for each file that is there, ticked, and a button for more."""
        attrs = control(field, name=name, error=error, autofocus=autofocus).replace(f'name="{name}"', f'name="{name}__upload"')
        kept = [(name, self._one.text(one, fmt), one["name"]) for one in value] if isinstance(value, list) else []
        box = '<label class="chip row row-4"><input type="checkbox" name="{}" value="{}" checked> {}</label>'
        return format_html(
            '<span class="row row-4 wrap">{}<label class="btn ghost sm cp-file">{}<span class="trunc" data-file-name>{}</span>'
            '<span class="input"><input class="bare" type="file" multiple {}></span></label></span>',
            format_html_join("", box, kept), mark_safe(icon("paperclip")), _("Attach files"), mark_safe(attrs),
        )  # fmt: skip
