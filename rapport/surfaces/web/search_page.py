"""Searching over every type at once: as a page, and as the list that opens while somebody types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from rapport.kernel.context import Context
from rapport.kernel.query.read import load_titles, mark_shape, pick_fields, read_ids
from rapport.kernel.query.search import Hit, search
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.commands import commands
from rapport.surfaces.web.shell import is_part, render

_IN_PALETTE, _ON_PAGE = 8, 40
#: Values of a hit that tell it from its namesakes.
_HINTS = 2


@dataclass(frozen=True)
class Found:
    """One hit with what its line shows."""

    hit: Hit
    label: str
    shape: str
    title: SafeString
    hint: str


@require_GET
def search_everything(request: HttpRequest) -> HttpResponse:
    """Records, then what to do and where to go, that fit the words; ">" leaves the records out, "#" is for numbers."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    typed = request.GET.get("q", "").strip()[:100]
    only = typed.startswith(">")
    words = typed.lstrip(">#").strip()
    part = is_part(request)
    hits = search(ctx, words, limit=_IN_PALETTE if part else _ON_PAGE) if words and not only else []
    found = shown(ctx, hits, words)
    values = {"words": words, "found": found, "commands": commands(request, ctx, words, only=only), "only": only}
    return render(request, "search/hits.html" if part else "search/page.html", values)


def shown(ctx: Context, hits: list[Hit], words: str) -> list[Found]:
    """The hits with the matching letters in bold and what tells namesakes apart (one query per type)."""
    hints: dict[UUID, str] = {}
    for key in dict.fromkeys(one.type for one in hits):
        info = registry.get(key)
        wanted = [k for k in [*info.declared.search, *info.declared.list_columns] if k != info.declared.title and "." not in k]
        fields = [f for f in pick_fields(ctx, info, dict.fromkeys(wanted)) if f.kind.key not in ("longtext", "datetime")]
        rows = read_ids(ctx, info, [one.id for one in hits if one.type == key], [f.key for f in fields])
        load_titles(ctx, rows.values(), fields)
        for pk, row in rows.items():
            texts = (f.kind.text(row[f.key], ctx.format) for f in fields if not f.kind.blank(row[f.key]))
            hints[pk] = " · ".join([text.split("\n")[0][:60] for text in texts if text][:_HINTS])
    return [
        Found(
            hit, str(registry.get(hit.type).label), mark_shape(registry.get(hit.type), hit.is_person),
            in_bold(hit.title, words), hints.get(hit.id, ""),
        )
        for hit in hits
    ]  # fmt: skip


def in_bold(title: str, words: str) -> SafeString:
    """The title with the first place of each typed word in bold."""
    pattern = "|".join(re.escape(word) for word in sorted(words.split(), key=len, reverse=True))
    if not pattern:
        return format_html("{}", title)
    parts = re.split(f"({pattern})", title, flags=re.IGNORECASE)
    return format_html_join("", "{}", ((format_html("<b>{}</b>", part) if at % 2 else part,) for at, part in enumerate(parts)))
