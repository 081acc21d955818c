"""Formatted text: Markdown that a person types, with a preview of what readers will see beside it."""

from __future__ import annotations

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.engines.publishing.markdown import plain
from rapport.kernel.kinds.base import DASH, Format, kind
from rapport.kernel.kinds.longtext import CELL, LIMIT, LongTextKind
from rapport.kernel.kinds.markup import control, esc

_SEARCHED = 20_000


class MarkdownField(models.TextField):
    """A text in Markdown, never NULL."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Blank by default."""
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


@kind
class MarkdownKind(LongTextKind):
    """Text with headings, lists, links, tables and pictures, typed as Markdown."""

    key = "markdown"
    label = gettext_lazy("Formatted text")
    stores = (MarkdownField,)
    #: Only types that are published have it.
    custom = False
    becomes = ()

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """How it begins, without its marks."""
        if not value:
            return DASH
        words = plain(str(value)[: CELL * 4])
        return esc(words if len(words) <= CELL else words[:CELL] + "…")

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A textarea and, beside it, what readers will see; the preview follows while one types."""
        asks = format_html(
            'hx-post="/markdown" hx-trigger="load, input changed delay:300ms" hx-target="next .md-seen" hx-swap="innerHTML"'
            ' hx-params="{},md" hx-sync="this:replace" hx-vals=\'{{"md": "{}"}}\'', name, name,
        )  # fmt: skip
        return format_html(
            '<div class="md-edit"><span class="input area{}">'
            '<textarea class="bare" rows="16" maxlength="{}" data-pictures {} {}>\n{}</textarea></span>'
            '<div class="md-seen prose" role="region" aria-label="{}" tabindex="0"></div></div>'
            '<span class="hint">{}</span>',
            " is-err" if error else "", LIMIT, mark_safe(control(field, name=name, error=error, autofocus=autofocus)), asks,
            self.shown(value, fmt), _("Preview"),
            _(
                "# Heading, **bold**, *italic*, - list, 1. numbered list, [words](https://example.com), > quote, `code`. "
                "Drop or paste a picture to put it in."
            ),
        )  # fmt: skip

    def search_text(self, value: object) -> str:
        """Its words without its marks."""
        return plain(str(value or "")[:_SEARCHED])
