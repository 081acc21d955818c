"""A look at a record from its list, without leaving it: who it is, its first properties, the latest of its story."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.query.read import load_titles, mark_shape, read_ids
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.properties import property_groups
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.story import read_story

#: Lines of the story that a look shows.
LINES = 6


@require_GET
def peek(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The drawer's content; opened as an address of its own, a small page."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    row = read_ids(ctx, info, [record.pk])[record.pk]
    load_titles(ctx, [row], list(gate.fields(ctx, info).values()))
    chapters, _more = read_story(ctx, info, record)
    title = gate.fields(ctx, info).get(info.declared.title)
    groups = property_groups(ctx, info, row, may_edit=False)
    values = {
        "info": info,
        "record": record,
        "url": info.record_url(record.pk),
        "title": title.kind.text(row.values[title.key], ctx.format) if title else str(info.label),
        "shape": mark_shape(info, row.is_person),
        "groups": [group for group in groups if any(not one.is_empty for one in group.properties)],
        "lines": [line for chapter in chapters for line in chapter.lines][:LINES],
    }
    return render(request, "list/peek.html" if is_part(request) else "list/peek_page.html", values)
