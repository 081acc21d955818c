"""A type's records: reading pages of them, of all or of those that point at one record, and creating one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes import door
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.format import capital
from rapport.kernel.query.read import filtered, read_page
from rapport.kernel.query.search import search
from rapport.kernel.query.totals import count
from rapport.kernel.query.tree import All, Node, Test
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.expanding import expanded, wanted_of
from rapport.surfaces.api.items import item_or_none, one_answer
from rapport.surfaces.api.problems import answer
from rapport.surfaces.api.reading import body_of, filter_of, flag_of, limit_of, parameters

LIST_PARAMETERS = ("filter", "sort", "fields", "expand", "limit", "cursor", "count")
_MOST_HITS = 50


def read_list(ctx: Context, request: HttpRequest, type_key: str) -> HttpResponse:
    """GET /api/v1/{type}: one page of records, newest first unless sorted, and the cursor of the next page."""
    info = registry.get(type_key)
    gate.demand(ctx, info, "view")
    return _page(ctx, request, info, None)


def read_related(ctx: Context, request: HttpRequest, type_key: str, record_id: str, part_key: str) -> HttpResponse:
    """GET /api/v1/{type}/{id}/{relation}: one page of the records that point at this one, as the list of their type."""
    info = registry.get(type_key)
    relation = info.relations.get(part_key)
    if relation is None or not gate.allows(ctx, relation.type, "view") or relation.field not in gate.fields(ctx, relation.type):
        raise Gone(
            _("%(type)s has no related “%(key)s”.") % {"type": capital(info.label), "key": part_key[:60]},
            code="unknown_relation",
        )
    record = gate.get(ctx, info, record_id)
    return _page(ctx, request, relation.type, Test((relation.field,), "is", str(record.pk)))


def _page(ctx: Context, request: HttpRequest, info: TypeInfo, pointing: Node | None) -> HttpResponse:
    given = parameters(request, LIST_PARAMETERS)
    wanted, asked = wanted_of(given), filter_of(given)
    where = All((pointing, asked)) if pointing and asked else pointing or asked
    page = read_page(
        ctx, info, where=where, sort=given.get("sort", ""), fields=wanted.reading(), limit=limit_of(given),
        cursor=given.get("cursor", ""), strict=True,
    )  # fmt: skip
    body: dict[str, object] = {"items": expanded(ctx, info, page.rows, page.fields, wanted), "next": page.next}
    if flag_of(given, "count"):
        found = count(ctx, filtered(ctx, info, where))
        body["count"] = {"number": found.count, "is_capped": found.capped}
    return answer(body, 200, _link(request, page.next))


def _link(request: HttpRequest, following: str | None) -> dict[str, str]:
    """The address of the next page as a Link header (RFC 8288), for programs that follow those."""
    if following is None:
        return {}
    asked = request.GET.copy()
    asked["cursor"] = following
    return {"Link": f'<{request.path}?{asked.urlencode()}>; rel="next"'}


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
