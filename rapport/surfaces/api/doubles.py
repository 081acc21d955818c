"""Groups of doubles and records that are there as another type already, for programs: listed, merged, kept apart."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.groups import Group, group_of, groups_page, part_from
from rapport.engines.duplicates.kin_pairs import SeenKin, decide_kin, find_kind_of_kin, kin_page, kin_pair
from rapport.engines.duplicates.merging_many import merge_several
from rapport.engines.duplicates.models import DuplicatePair, KinPair, Merge
from rapport.engines.duplicates.pairs import Pair, demand_review, pair_of
from rapport.engines.duplicates.values import BOTH
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.duplicates import pair_as_json
from rapport.surfaces.api.items import item_or_none
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import body_of, limit_of, parameters


def read_groups(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/duplicates/groups?type=customer: records that may all be one, likeliest first."""
    given = parameters(request, ("type", "limit", "cursor"))
    info = registry.get(given.get("type", "") or "customer")
    demand_review(ctx, info)
    groups, more = groups_page(ctx, info, limit=limit_of(given), cursor=given.get("cursor", ""))
    return answer({"items": [_group(one) for one in groups], "next": more}, 200, {})


def merge_group(ctx: Context, request: HttpRequest, pair_id: int) -> HttpResponse:
    """POST /api/v1/duplicates/groups/{id}/merge: {"keep": id, "others": [id, …], "picks": {field: id of a member or "both"}};
    without "others" all members are merged in. 202 when so much has to move that it is done in the background."""
    parameters(request, ())
    given = body_of(request)
    info, group = _open_group(ctx, pair_id)
    keep, others, picks = as_id(given.get("keep")), given.get("others"), given.get("picks", {})
    if set(given) - {"keep", "others", "picks"} or not isinstance(picks, dict) or not isinstance(others, list | None):
        raise bad_request(_("Send {“keep”: the id of a member, “others”: [ids], “picks”: {field: a member's id or “both”}}."))
    losers = [as_id(one) for one in others] if others is not None else [pk for pk in group.members if pk != keep]
    if keep not in group.members or not losers or keep in losers or any(pk not in group.members for pk in losers):
        raise Invalid(_("Name members of this group: one that stays, and others that are merged into it."), field="keep")
    _check_picks(ctx, info, picks, {str(pk) for pk in (keep, *losers)})
    made = merge_several(ctx, info, keep, [pk for pk in dict.fromkeys(losers) if pk is not None], picks)
    is_over = all(one.job_id is None for one in made)
    return answer({"item": item_or_none(ctx, info, keep), "merges": [_merge(one) for one in made]}, 200 if is_over else 202, {})


def part_member(ctx: Context, request: HttpRequest, pair_id: int) -> HttpResponse:
    """POST /api/v1/duplicates/groups/{id}/apart: {"member": id} is none of the others, for ever."""
    parameters(request, ())
    given = body_of(request)
    member = as_id(given.get("member"))
    if set(given) != {"member"} or member is None:
        raise bad_request(_("Send {“member”: the id of the record that is none of the others}."))
    _info, group = _open_group(ctx, pair_id)
    if member not in group.members:
        raise Gone(_("This record is not in the group any more."))
    return answer({"parted": part_from(ctx, group, member)}, 200, {})


def read_kin(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/duplicates/among?type=lead&other=customer: records that are there as another type already."""
    given = parameters(request, ("type", "other", "state", "limit", "cursor"))
    kin = find_kind_of_kin(ctx, given.get("type", "") or "lead", given.get("other", "") or "customer")
    state = given.get("state", KinPair.OPEN)
    if state not in (KinPair.OPEN, KinPair.APART):
        raise bad_request(_("The state of a pair is open or apart."))
    pairs, more = kin_page(ctx, kin, limit=limit_of(given), cursor=given.get("cursor", ""), state=state)
    return answer({"items": [_kin(one) for one in pairs], "next": more}, 200, {})


def part_kin(ctx: Context, request: HttpRequest, pair_id: int) -> HttpResponse:
    """POST /api/v1/duplicates/among/{id}/apart: the two are not the same, for ever; {"apart": false} takes that back."""
    parameters(request, ())
    given = body_of(request, may_be_empty=True)
    apart = given.get("apart", True)
    if set(given) - {"apart"} or not isinstance(apart, bool):
        raise bad_request(_("Send {“apart”: true} or {“apart”: false}, or nothing."))
    decide_kin(ctx, kin_pair(ctx, pair_id), apart=apart)
    return answer(_kin(kin_pair(ctx, pair_id)), 200, {})


def _open_group(ctx: Context, pair_id: int) -> tuple[TypeInfo, Group]:
    """The group of an open pair; anything else is not there for this viewer."""
    pair: Pair = pair_of(ctx, pair_id)
    if pair.state != DuplicatePair.OPEN or pair.type not in registry:
        raise Gone(_("This group is not there any more: somebody merged or parted it, or you may not see it."))
    info = registry.get(pair.type)
    return info, group_of(ctx, info, pair)


def _check_picks(ctx: Context, info: TypeInfo, picks: dict[str, object], members: set[str]) -> None:
    fields = gate.fields(ctx, info)
    wrong = {
        key: _("Choose a member that takes part, or “both”, for a field that there is.")
        for key, pick in picks.items()
        if key not in fields or not isinstance(pick, str) or pick not in {*members, BOTH}
    }
    if wrong:
        raise Invalid(next(iter(wrong.values())), errors=wrong)


def _group(one: Group) -> dict[str, object]:
    return {
        "id": one.head.id, "type": one.head.type, "members": list(one.members), "more": one.more,
        "pairs": [pair_as_json(pair) for pair in one.pairs],
    }  # fmt: skip


def _merge(one: Merge) -> dict[str, object]:
    return {"id": one.pk, "state": one.state, "survivor": one.survivor_id, "other": one.loser_id, "job": one.job_id}


def _kin(one: SeenKin) -> dict[str, object]:
    names: dict[str, UUID | object] = {"record": one.record_id, "other": one.other_id}
    return {
        "id": one.id, "type": one.kin.type, "other_type": one.kin.other, **names, "score": one.score, "state": one.state,
        "action": one.kin.action, "reasons": in_words(one.evidence),
    }  # fmt: skip
