"""What comboboxes ask while somebody types: a few records of one type that the viewer may see."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.kinds.markup import hue, initials
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import load_titles, mark_shape, pick_fields, read_ids
from rapport.kernel.query.search import search
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

MOST = 10


@require_GET
def look_up(request: HttpRequest, type_key: str) -> HttpResponse:
    """Records whose title begins with, or whose words contain, `q`; narrowed by the filter `only`."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    gate.demand(ctx, info, "view")
    ids = find(ctx, info, request.GET.get("q", "")[:100], request.GET.get("only", "")[:500])
    return JsonResponse({"results": described(ctx, info, ids), "none": str(_("Nothing found"))})


def find(ctx: Context, info: TypeInfo, text: str, only: str = "") -> list[UUID]:
    """Ids of at most ten visible records; without text the first by title."""
    if info.title_field.key not in gate.fields(ctx, info):
        return []
    base = gate.visible(ctx, info)
    if only:
        base = base.filter(compile_filter(ctx, info, parse(only)))
    wanted = fold(text)[:100]
    if not wanted:
        return _first(base)
    found = _first(base.filter(title_key__gte=wanted, title_key__lt=wanted + "\U0010ffff"))
    if len(found) < MOST and info.declared.search:
        hits = [hit.id for hit in search(ctx, text, limit=MOST * 3, only=info.key)]
        may = set(base.filter(pk__in=hits).values_list("pk", flat=True))
        found += [pk for pk in hits if pk in may and pk not in found]
    return found[:MOST]


def _first(rows: QuerySet) -> list[UUID]:
    return list(rows.order_by("title_key", "pk").values_list("pk", flat=True)[:MOST])


def described(ctx: Context, info: TypeInfo, ids: list[UUID]) -> list[dict[str, object]]:
    """Id, title, a hint to tell namesakes apart, and the mark of each."""
    title = info.title_field
    hint = next((key for key in info.declared.list_columns if key != title.key), title.key)
    rows = read_ids(ctx, info, ids, [title.key, hint])
    fields = pick_fields(ctx, info, [hint])
    load_titles(ctx, rows.values(), fields)
    found = []
    for pk in ids:
        if pk in rows:
            text = title.kind.text(rows[pk][title.key], ctx.format)
            more = fields[0].kind.text(rows[pk][hint], ctx.format) if fields and hint != title.key else ""
            found.append(
                {
                    "id": str(pk),
                    "text": text,
                    "hint": more,
                    "url": info.record_url(pk),
                    "hue": hue(text),
                    "initials": initials(text),
                    "shape": mark_shape(info, rows[pk].is_person),
                }
            )
    return found
