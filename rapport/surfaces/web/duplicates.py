"""Is this one here already? Asked while somebody types: same e-mail, phone or domain, or nearly the same title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from rapidfuzz import fuzz, process

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.markup import initials
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import mark_shape
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold
from rapport.surfaces.web.shell import is_part, render

MOST = 3
#: From this likeness on (0 to 100) two titles count as nearly the same; measured on misspelt company names.
_ALIKE = 87
_PREFIX = 3
_CANDIDATES = 300


@dataclass(frozen=True)
class Twin:
    """A record that may be the same, and why."""

    id: UUID
    title: str
    url: str
    why: str
    shape: str


@require_GET
def duplicates(request: HttpRequest, type_key: str) -> HttpResponse:
    """Records like the one being typed: `?emails=ann@example.ie&name=Ann`. A hidden field is never compared."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    prefix = request.GET.get("prefix", "")[:20]
    given = {key: " ".join(values) for key, values in request.GET.lists()}
    found = twins(ctx, info, {key.removeprefix(prefix): text for key, text in given.items() if text.strip()})
    if is_part(request) or request.headers.get("HX-Request"):
        return render(request, "quick_add/twins.html", {"twins": found, "info": info, "initials": initials})
    return JsonResponse({"results": [{"id": str(t.id), "text": t.title, "url": t.url, "why": t.why} for t in found]})


def twins(ctx: Context, info: TypeInfo, given: Mapping[str, str]) -> list[Twin]:
    """At most three visible records that share a key or are called nearly the same."""
    fields = gate.fields(ctx, info)
    why: dict[UUID, str] = {}
    for key, text in given.items():
        field = fields.get(key)
        if field is None or len(text) > 500:
            continue
        if key == info.declared.title:
            for pk in _alike(ctx, info, text):
                why.setdefault(pk, _("has nearly the same name"))
        else:
            for pk in _same_key(ctx, info, field, text):
                why[pk] = _("has the same %(label)s") % {"label": field.label}
    found = gate.titles(ctx, info, set(why))
    ordered = [pk for pk in why if pk in found][:MOST]
    return [Twin(pk, str(found[pk]), info.record_url(pk), why[pk], mark_shape(info, found[pk].is_person)) for pk in ordered]


def _same_key(ctx: Context, info: TypeInfo, field: Field, text: str) -> list[UUID]:
    """Records that share a key of the value index: an e-mail address, a phone's digits, a company's domain."""
    try:
        value = field.kind.parse(text, ctx.cleaning())
    except Invalid:
        return []
    keys = [key[:200] for key in field.kind.index_keys(value)] if value is not None else []
    if not keys or field.kind.key in ("tags", "multichoice", "file"):
        return []
    rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=field.key, key__in=keys)
    return list(gate.visible(ctx, info).filter(pk__in=rows.values("record_id")).values_list("pk", flat=True)[:MOST])


def _alike(ctx: Context, info: TypeInfo, text: str) -> list[UUID]:
    """Records whose title begins like this one and is nearly the same."""
    wanted = fold(text)[:200]
    if len(wanted) < _PREFIX:
        return []
    start = wanted[:_PREFIX]
    rows = gate.visible(ctx, info).filter(title_key__gte=start, title_key__lt=start + "\U0010ffff")
    near = dict(rows.order_by("title_key").values_list("pk", "title_key")[:_CANDIDATES])
    # The whole typed text may be only the beginning of a title yet; equal beginnings come through the same range.
    exact = dict(
        rows.filter(title_key__gte=wanted, title_key__lt=wanted + "\U0010ffff").values_list("pk", "title_key")[:MOST]
    )
    hits = process.extract(wanted, near, scorer=fuzz.WRatio, score_cutoff=_ALIKE, limit=MOST)
    best = [pk for _title, _score, pk in hits if abs(len(near[pk]) - len(wanted)) <= max(4, len(wanted) // 2)]
    return list(dict.fromkeys([*(exact if len(wanted) > 4 else []), *best]))[:MOST]
