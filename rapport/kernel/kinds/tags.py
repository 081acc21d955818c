"""Tags: free words put on a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, kind
from rapport.kernel.kinds.lists import LONGEST, ListField, ManyKind
from rapport.kernel.kinds.markup import esc, hue
from rapport.kernel.kinds.normal import filter_text, one_line

_SPLIT = re.compile(r"[,;\n\r]+")
LONGEST_TAG = 40


class TagsField(ListField):
    """Tags as a JSON list of words."""


@lru_cache(maxsize=8192)
def _badge(tag: str) -> str:
    return f'<span class="badge {hue(tag)}">{esc(tag)}</span>'


@kind
class TagsKind(ManyKind):
    """Up to 50 tags of up to 40 characters, kept as first written; case makes no second tag."""

    key = "tags"
    label = gettext_lazy("Tags")
    stores = (TagsField,)
    operators: ClassVar[tuple[str, ...]] = ("has", "has_any", "is", "is_not", "in", "not_in", "empty", "not_empty")
    icon = "tag"
    becomes = ("text", "longtext")
    most = 50

    def parse(self, text: str, cleaning: Cleaning) -> list[str] | None:
        """Separated by commas, semicolons or line ends."""
        if len(text) > LONGEST:
            raise Invalid(
                _("This has %(length)d characters; at most %(limit)d fit.") % {"length": len(text), "limit": LONGEST},
                code="too_long",
            )
        return self.clean(text, cleaning)

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """One input with commas, or one per tag."""
        return self.parse(",".join(raw), cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> list[str] | None:
        """A list of words or one text; separators inside a word split it."""
        if value is None:
            return None
        items = value if isinstance(value, (list, tuple)) else [value]
        kept: dict[str, str] = {}
        for item in items[: self.most * 20]:
            if not isinstance(item, str):
                raise Invalid(_("A tag is a word."), code="not_text")
            for part in _SPLIT.split(item) if not item.isalnum() else (item,):
                if tag := one_line(part, LONGEST_TAG):
                    kept.setdefault(tag.casefold(), tag)
            if len(kept) > self.most:
                break
        return self.entries(list(kept.values())) or None

    def text(self, value: object, fmt: Format) -> str:
        """Separated by commas."""
        return ", ".join(value or ())

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """Coloured tags."""
        return SafeString(" ".join(map(_badge, value))) if value else DASH

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """One input, commas between; `data-tags` lets the page turn it into badges."""
        return self.input_html(
            field,
            self.shown(value, fmt),
            name=name,
            error=error,
            autofocus=autofocus,
            attrs='data-tags autocomplete="off"',
        )

    def key_of(self, value: object, cleaning: Cleaning) -> str:
        """Without case."""
        return filter_text(value).casefold()[:200]

    def index_keys(self, value: object) -> list[str]:
        """Each tag without case."""
        return [tag.casefold()[:200] for tag in value or ()]

    def search_text(self, value: object) -> str:
        """The tags."""
        return " ".join(value or ())
