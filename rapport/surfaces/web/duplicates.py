"""Is this one here already? Asked while somebody types: who it may be, and why. It warns and never keeps from saving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.finding import find_for, find_kin, identity_for, kin_to_ask
from rapport.engines.duplicates.registry import identity_of, kin_of
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.markup import initials
from rapport.kernel.query.read import mark_shape
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.shell import is_part, render

MOST = 3
_LONGEST = 500


@dataclass(frozen=True)
class Twin:
    """A record that may be the same, and why."""

    id: UUID
    title: str
    url: str
    why: str
    shape: str
    #: What it is, when it is of another type than the one being typed ("customer" for a lead).
    label: str = ""


@require_GET
def duplicates(request: HttpRequest, type_key: str) -> HttpResponse:
    """Records like the one being typed: `?emails=ann@example.ie&name=Ann`. A hidden field is never compared."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    prefix = request.GET.get("prefix", "")[:20]
    given = {key: "; ".join(one for one in values if one.strip()) for key, values in request.GET.lists()}
    found = twins(
        ctx, info, {key.removeprefix(prefix): text for key, text in given.items() if text.strip()},
        but=as_id(request.GET.get("not", "")),
    )  # fmt: skip
    if is_part(request) or request.headers.get("HX-Request"):
        return render(request, "quick_add/twins.html", {"twins": found, "info": info, "initials": initials})
    return JsonResponse({"results": [{"id": str(t.id), "text": t.title, "url": t.url, "why": t.why} for t in found]})


def twins(ctx: Context, info: TypeInfo, given: Mapping[str, str], *, but: UUID | None = None) -> list[Twin]:
    """At most three visible records, of this type or another that may hold the same person or company, likeliest first."""
    values = _understood(ctx, info, given)
    found = find_for(ctx, info, [values], near_names=True, most=MOST + 1)[0] if values else []
    for kin in kin_to_ask(ctx, info) if values else ():
        found += [hit for _reading, hit in find_kin(ctx, kin, [values], near_names=True, most=MOST + 1)[0]]
    found = sorted((one for one in found if one.id != but), key=lambda one: (one.type != info.key, -one.score))
    titles = {
        one: gate.titles(ctx, registry.get(one), {hit.id for hit in found if hit.type == one})
        for one in {hit.type for hit in found}
    }
    made = []
    for hit in found:
        title = titles[hit.type].get(hit.id)
        if title is not None and len(made) < MOST:
            other = registry.get(hit.type)
            made.append(
                Twin(hit.id, str(title), other.record_url(hit.id), ", ".join(in_words(hit.evidence)),
                     mark_shape(other, title.is_person), "" if other is info else capital(other.label))
            )  # fmt: skip
    return made


def _understood(ctx: Context, info: TypeInfo, given: Mapping[str, str]) -> dict[str, object]:
    """What was typed, as values; what is no address or number yet says nothing yet."""
    fields, wanted = gate.fields(ctx, info), set(identity_for(info).fields)
    wanted |= {key for kin in kin_of(info.key) for key in kin.fields}
    values: dict[str, object] = {}
    for key, text in given.items():
        field = fields.get(key)
        if field is None or key not in wanted or len(text) > _LONGEST:
            continue
        try:
            value = field.kind.parse(text, ctx.cleaning())
        except Invalid:
            continue
        if value is not None:
            values[key] = text if key == info.declared.title and field.to else value
    return values


def twin_keys(ctx: Context, info: TypeInfo) -> list[str]:
    """The inputs of a form that tell who somebody is; none for types whose modules say nothing of doubles."""
    identity = identity_of(info.key)
    kin = [key for one in kin_of(info.key) for key in one.fields]
    return [key for key in dict.fromkeys([*identity.fields, *kin]) if key in gate.fields(ctx, info)] if identity else []
