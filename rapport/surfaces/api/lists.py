"""A type's records: reading pages of them and creating one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from rapport.kernel.access import gate
from rapport.kernel.changes import door
from rapport.kernel.context import Context
from rapport.kernel.query.read import read_page
from rapport.kernel.query.search import search
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.items import item_or_none, items, one_answer
from rapport.surfaces.api.problems import answer
from rapport.surfaces.api.reading import body_of, fields_of, filter_of, limit_of, parameters

LIST_PARAMETERS = ("filter", "sort", "fields", "limit", "cursor")
_MOST_HITS = 50


def read_list(ctx: Context, request: HttpRequest, type_key: str) -> HttpResponse:
    """GET /api/v1/{type}: one page of records, newest first unless sorted, and the cursor of the next page."""
    info = registry.get(type_key)
    gate.demand(ctx, info, "view")
    given = parameters(request, LIST_PARAMETERS)
    page = read_page(
        ctx, info, where=filter_of(given), sort=given.get("sort", ""), fields=fields_of(given),
        limit=limit_of(given), cursor=given.get("cursor", ""), strict=True,
    )  # fmt: skip
    return answer({"items": items(page.rows, page.fields), "next": page.next}, 200, {})


def create(ctx: Context, request: HttpRequest, type_key: str) -> HttpResponse:
    """POST /api/v1/{type}: a new record from values by field key."""
    info = registry.get(type_key)
    parameters(request, ())
    gate.demand(ctx, info, "create")
    record = door.create(ctx, info, body_of(request))
    # Whoever may create but not see gets to know the id all the same: they made it.
    item = item_or_none(ctx, info, record.pk) or {"id": record.pk, "version": record.version}
    return one_answer(item, status=201, location=f"/api/v1/{info.key}/{record.pk}")


def find(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/search?q=: records of every type whose words contain all the words given."""
    given = parameters(request, ("q", "type", "limit"))
    only = registry.get(given["type"]).key if given.get("type") else ""
    hits = search(ctx, given.get("q", ""), limit=limit_of(given, usual=12, most=_MOST_HITS), only=only)
    found = [{"type": hit.type, "id": hit.id, "title": hit.title} for hit in hits]
    return answer({"items": found}, 200, {})
