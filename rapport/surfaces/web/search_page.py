"""Searching over every type at once: as a page, and as the list that opens while somebody types."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.kernel.context import Context
from rapport.kernel.query.read import mark_shape
from rapport.kernel.query.search import Hit, search
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.shell import Entry, build_shell, is_part, render

_IN_PALETTE, _ON_PAGE = 8, 40


@dataclass(frozen=True)
class Found:
    """One hit with what its line shows."""

    hit: Hit
    label: str
    shape: str


@require_GET
def search_everything(request: HttpRequest) -> HttpResponse:
    """Records, then pages, that fit the words."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    words = request.GET.get("q", "").strip()[:100]
    part = is_part(request)
    hits = search(ctx, words, limit=_IN_PALETTE if part else _ON_PAGE) if words else []
    found = [Found(hit, str(registry.get(hit.type).label), mark_shape(registry.get(hit.type), hit.is_person)) for hit in hits]
    values = {"words": words, "found": found, "pages": pages(request, ctx, words)}
    return render(request, "search/hits.html" if part else "search/page.html", values)


def pages(request: HttpRequest, ctx: Context, words: str) -> list[Entry]:
    """Lists of the navigation whose name begins with the words; all of them without words."""
    shell = build_shell(request, ctx)
    entries = [entry for one in shell.departments for entry in one.entries]
    folded = words.casefold()
    return [entry for entry in entries if any(part.startswith(folded) for part in str(entry.label).casefold().split())][
        :6
    ]
