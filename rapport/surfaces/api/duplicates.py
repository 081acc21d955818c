"""Doubles for programs: the pairs found, deciding about one, merging two records and taking that back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.merging import demand_both
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.pairs import Pair, decide, demand_review, pair_of, pairs_page
from rapport.engines.duplicates.tasks import begin_merge, begin_unmerge
from rapport.engines.duplicates.unmerging import find_merge
from rapport.engines.duplicates.values import BOTH, ONE, OTHER
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.items import item_or_none
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import body_of, limit_of, parameters


def read_pairs(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/duplicates?type=customer: pairs that may be one, likeliest first; `state=apart` those kept apart."""
    given = parameters(request, ("type", "state", "limit", "cursor"))
    info = registry.get(given.get("type", "") or "customer")
    demand_review(ctx, info)
    state = given.get("state", DuplicatePair.OPEN)
    if state not in (DuplicatePair.OPEN, DuplicatePair.APART):
        raise bad_request(_("The state of a pair is open or apart."))
    pairs, more = pairs_page(ctx, info, limit=limit_of(given), cursor=given.get("cursor", ""), state=state)
    return answer({"items": [pair_as_json(one) for one in pairs], "next": more}, 200, {})


def part(ctx: Context, request: HttpRequest, pair_id: int) -> HttpResponse:
    """POST /api/v1/duplicates/{id}/apart: the two are not the same, for ever; {"apart": false} takes that back."""
    parameters(request, ())
    given = body_of(request, may_be_empty=True)
    apart = given.get("apart", True)
    if set(given) - {"apart"} or not isinstance(apart, bool):
        raise bad_request(_("Send {“apart”: true} or {“apart”: false}, or nothing."))
    decide(ctx, pair_of(ctx, pair_id), apart=apart)
    return answer(pair_as_json(pair_of(ctx, pair_id)), 200, {})


def merge(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """POST /api/v1/{type}/{id}/merge: {"other": id, "picks": {field: "one" | "other" | "both"}}; this record stays. 202
    when so much has to move that it is done in the background."""
    info = registry.get(type_key)
    parameters(request, ())
    given = body_of(request)
    other, picks = given.get("other"), given.get("picks", {})
    if set(given) - {"other", "picks"} or as_id(other) is None or not isinstance(picks, dict):
        raise bad_request(_("Send {“other”: the id of the record to merge in, “picks”: {…}}."))
    fields = gate.fields(ctx, info)
    wrong = {
        key: _("Choose one, other or both for a field that there is.")
        for key, pick in picks.items()
        if key not in fields or pick not in (ONE, OTHER, BOTH)
    }
    if wrong:
        raise Invalid(next(iter(wrong.values())), errors=wrong)
    made = begin_merge(ctx, demand_both(ctx, info, record_id, other), picks)
    return _merged(ctx, info, made)


def unmerge(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """POST /api/v1/{type}/{id}/unmerge: take back the last merge into this record, or {"merge": id} of them."""
    info = registry.get(type_key)
    parameters(request, ())
    given = body_of(request, may_be_empty=True)
    if set(given) - {"merge"}:
        raise bad_request(_("Send {“merge”: the id of a merge}, or nothing for the last one."))
    record = gate.get(ctx, info, record_id)
    rows = Merge.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, survivor_id=record.pk)
    if "merge" in given:
        rows = rows.filter(pk=as_id(given["merge"]))
    else:
        rows = rows.filter(state=Merge.DONE)
    found = rows.order_by("-id").first()
    if found is None:
        raise Gone(_("There is no such merge, or you may not see it."))
    return _merged(ctx, info, begin_unmerge(ctx, find_merge(ctx, found.pk)))


def _merged(ctx: Context, info: TypeInfo, made: Merge) -> HttpResponse:
    is_over = made.job_id is None
    what = {
        "id": made.pk, "state": made.state, "survivor": made.survivor_id, "other": made.loser_id, "job": made.job_id,
        "stayed": made.stayed,
    }  # fmt: skip
    fields = gate.fields(ctx, info)
    what["stayed"] = {**made.stayed, "changed": [key for key in made.stayed.get("changed", []) if key in fields]}
    return answer({"item": item_or_none(ctx, info, made.survivor_id), "merge": what}, 200 if is_over else 202, {})


def pair_as_json(one: Pair) -> dict[str, object]:
    """A pair as programs read it."""
    return {
        "id": one.id, "type": one.type, "one": one.one_id, "other": one.other_id, "score": one.score, "state": one.state,
        "reasons": in_words(one.evidence),
    }  # fmt: skip
