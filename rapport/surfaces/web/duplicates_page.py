"""Working through doubles: the pairs a scan found, likeliest first; merges so far, to take back; and the scan itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.groups import Group, groups_page, next_group
from rapport.engines.duplicates.kin_pairs import reviewable_kin
from rapport.engines.duplicates.merging import DAYS
from rapport.engines.duplicates.models import DuplicatePair, DuplicateScan, Merge
from rapport.engines.duplicates.pairs import (
    MOST_COUNTED,
    Pair,
    count_open,
    decide,
    demand_review,
    pair_of,
    pairs_page,
)
from rapport.engines.duplicates.registry import identities
from rapport.engines.duplicates.tasks import begin_unmerge, start_scan
from rapport.engines.duplicates.unmerging import find_merge, may_undo, unmerge
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import only_looking, unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import request_stop
from rapport.kernel.query.read import mark_shape
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

_PAGE = 30


@dataclass(frozen=True)
class Line:
    """One pair, or a group of more than two, as the list shows it."""

    pair: Pair
    one: str
    other: str
    shape: str
    shape_other: str
    why: list[str]
    url: str
    #: (title, shape) of those who hang on to the pair, and how many more there are.
    others: list[tuple[str, str]]
    more: int


@dataclass(frozen=True)
class Done:
    """One merge as the list of merges shows it."""

    merge: Merge
    title: str
    #: What became part of it, where the viewer may see that in the bin.
    other: str
    url: str
    count: int
    may_undo: bool
    changed: list[str]


def reviewable(ctx: Context) -> list[TypeInfo]:
    """The types whose doubles this viewer may merge."""
    types = [registry.get(one.type) for one in identities() if one.type in registry]
    return [one for one in types if gate.allows(ctx, one, "view") and gate.allows(ctx, one, "merge")]


def tabs(ctx: Context, info: TypeInfo) -> dict[str, object]:
    """What the tabs over the lists need: each type this viewer may work through, with the address of its first list, and the
    other types among which records of this one may be already. Whoever may join but not merge finds that list alone."""
    merged = reviewable(ctx)
    types = [(one, f"/duplicates/{one.key}/review") for one in merged]
    for identity in identities():
        one = registry.get(identity.type) if identity.type in registry else None
        if one is not None and one not in merged and (kin := reviewable_kin(ctx, one.key)):
            types.append((one, f"/duplicates/{one.key}/among/{kin[0].other}"))
    among = [registry.get(one.other) for one in reviewable_kin(ctx, info.key)]
    return {"types": types, "kin_types": among, "may_merge": info in merged}


@require_GET
def review(request: HttpRequest, type_key: str) -> HttpResponse:
    """The pairs, with the state of the scan; `?state=apart` shows those that were parted."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    demand_review(ctx, info)
    state = DuplicatePair.APART if request.GET.get("state") == DuplicatePair.APART else DuplicatePair.OPEN
    cursor = request.GET.get("cursor", "")[:80]
    if state == DuplicatePair.OPEN:
        groups, more = groups_page(ctx, info, limit=_PAGE, cursor=cursor)
        lines = lines_of(ctx, info, groups)
    else:
        pairs, more = pairs_page(ctx, info, limit=_PAGE, cursor=cursor, state=state)
        lines = lines_of(ctx, info, [Group((one,), (one.one_id, one.other_id)) for one in pairs])
    count = count_open(ctx, info)
    values = {
        "info": info, "lines": lines, "more": more, "state": state, **tabs(ctx, info),
        "count": count, "is_capped": count > MOST_COUNTED, "most": MOST_COUNTED, "scan": _scan_of(ctx, info),
        "job": _job_of(ctx, info), "is_asked": False,
    }  # fmt: skip
    return render(request, "duplicates/review.html", values)


def lines_of(ctx: Context, info: TypeInfo, groups: Iterable[Group]) -> list[Line]:
    """Groups with the titles of all members: one query for all."""
    groups = list(groups)
    titles = gate.titles(ctx, info, {pk for group in groups for pk in group.members})
    plain = capital(info.label)
    found = []
    for group in groups:
        shown = [(str(titles.get(pk) or plain), mark_shape(info, bool(pk in titles and titles[pk].is_person)))
                 for pk in group.members]  # fmt: skip
        (one, shape), (other, shape_other), *others = shown
        found.append(
            Line(group.head, one, other, shape, shape_other, in_words(group.head.evidence), url_of(info, group), others,
                 group.more)
        )
    return found


def url_of(info: TypeInfo, group: Group) -> str:
    """Where a pair, or a group of more, is looked at side by side."""
    pair = group.head
    if len(group.members) > 2:
        return f"/duplicates/{info.key}/group/{pair.id}"
    return f"{info.record_url(pair.one_id)}/merge/{pair.other_id}?pair={pair.id}"


def _scan_of(ctx: Context, info: TypeInfo) -> DuplicateScan | None:
    return DuplicateScan.objects.filter(workspace_id=ctx.workspace.pk, type=info.key).first()


def _job_of(ctx: Context, info: TypeInfo) -> Job | None:
    """The scan under way; None when there is none."""
    state = _scan_of(ctx, info)
    found = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=state.job_id).first() if state and state.job_id else None
    return found if found is not None and not found.is_finished else None


@require_GET
def scan_state(request: HttpRequest, type_key: str) -> HttpResponse:
    """How far the scan is: the part of the page that asks again while it runs."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    demand_review(ctx, info)
    values = {"info": info, "scan": _scan_of(ctx, info), "job": _job_of(ctx, info), "is_asked": True}
    return render(request, "duplicates/_scan.html", values)


@require_POST
def scan(request: HttpRequest, type_key: str) -> HttpResponse:
    """Look for doubles now, or stop looking. Anybody who may merge may ask; what they see of it passes the gate."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    demand_review(ctx, info)
    if ctx.viewer.preview_of:
        raise only_looking()
    job = _job_of(ctx, info)
    if "stop" in request.POST:
        if job is not None:
            request_stop(job)
        return done(request, _("The search stops in a moment; what it found stays."), _review_url(info))
    start_scan(ctx.workspace, info.key, asked_by=ctx.actor_id, anew="anew" in request.POST)
    return done(request, _("Looking for duplicates. You can go on meanwhile."), _review_url(info))


@require_POST
def part(request: HttpRequest, pair_id: int) -> HttpResponse:
    """The two are not the same, for ever; or (`again`) they may be, after all."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    pair = pair_of(ctx, pair_id)
    info = registry.get(pair.type)
    following = next_group(ctx, info, pair)
    again = "again" in request.POST
    decide(ctx, pair, apart=not again)
    go_to = _review_url(info)
    if not again and request.POST.get("next") and following is not None:
        go_to = url_of(info, following)
    text = _("They may be the same again.") if again else _("Kept apart. Nobody is asked about these two again.")
    return done(request, text, go_to)


@require_GET
def merges(request: HttpRequest, type_key: str) -> HttpResponse:
    """The merges into records that this viewer sees, newest first."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    demand_review(ctx, info)
    rows = Merge.objects.filter(
        workspace_id=ctx.workspace.pk, type=info.key, survivor_id__in=gate.visible(ctx, info).values("pk")
    ).order_by("-id")
    before = request.GET.get("before", "")
    if before:
        rows = rows.filter(pk__lt=_id(before))
    got = list(rows[: _PAGE + 1])
    values = {
        "info": info, "merges": _done_lines(ctx, info, got[:_PAGE]), "days": DAYS, **tabs(ctx, info),
        "more": got[_PAGE - 1].pk if len(got) > _PAGE else None,
    }  # fmt: skip
    return render(request, "duplicates/merges.html", values)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _done_lines(ctx: Context, info: TypeInfo, rows: list[Merge]) -> list[Done]:
    titles = gate.titles(ctx, info, {one.survivor_id for one in rows})
    fields, others = gate.fields(ctx, info), _in_bin(ctx, info, {one.loser_id for one in rows})
    return [
        Done(
            one, str(titles.get(one.survivor_id, capital(info.label))), others.get(one.loser_id, ""),
            info.record_url(one.survivor_id), sum(one.counts.values()), may_undo(ctx, one),
            [str(fields[key].label) for key in one.stayed.get("changed", []) if key in fields],
        )
        for one in rows
    ]  # fmt: skip


def _in_bin(ctx: Context, info: TypeInfo, ids: set[UUID]) -> dict[UUID, str]:
    """Titles of records in the bin, as far as the viewer sees them there."""
    if info.title_field.key not in gate.fields(ctx, info):
        return {}
    rows = gate.visible(ctx, info, in_bin=True).filter(pk__in=ids)
    return {pk: str(title) for pk, title in rows.values_list("pk", info.title_field.path)}


@require_POST
def undo_merge(request: HttpRequest, merge_id: UUID) -> HttpResponse:
    """Take a merge back."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    merge = begin_unmerge(ctx, find_merge(ctx, merge_id))
    info = registry.get(merge.type)
    if merge.state == Merge.UNDONE:
        text = _("There are two again.")
        if merge.stayed.get("later") or merge.stayed.get("changed"):
            text = _("There are two again. What came or changed since stays where it is.")
        return done(request, text, info.record_url(merge.loser_id))
    say(request, _("Taking the merge back; you can go on meanwhile."), kind="info")
    return done(request, _("This is much, so it is done in the background."), f"/duplicates/{info.key}/merges")


def undo_merges(request: HttpRequest, merge_ids: list[UUID]) -> HttpResponse:
    """Take back the merges of a group, the last one first: all of them, or none."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    merges = [find_merge(ctx, one) for one in merge_ids]
    with unit_of_work(ctx):
        for merge in reversed(merges):
            unmerge(ctx, merge)
    return done(request, _("All are there again."), registry.get(merges[0].type).record_url(merges[0].survivor_id))


def _review_url(info: TypeInfo) -> str:
    return f"/duplicates/{info.key}/review"
