"""Two records side by side: what differs is marked, each field's value is picked, and what will move is told before."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.groups import next_group
from rapport.engines.duplicates.merging import DAYS, Two, demand_both
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.pairs import Pair, between, seen
from rapport.engines.duplicates.pointing import pointing_at
from rapport.engines.duplicates.tasks import begin_merge
from rapport.engines.duplicates.values import BOTH, ONE, OTHER, can_unite, default_pick, pickable, same
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.query.read import Row, load_titles, mark_shape, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.duplicates_page import url_of
from rapport.surfaces.web.form import title_of
from rapport.surfaces.web.shell import render

#: Rows that move are counted up to here.
_MOST = 1_000
#: Who made it and when is no choice.
_PLAIN = ("created_at", "created_by", "updated_at")


@dataclass(frozen=True)
class Choice:
    """One field of both records."""

    key: str
    label: str
    one: SafeString | str
    other: SafeString | str
    is_same: bool
    may_pick: bool
    may_unite: bool
    picked: str


@dataclass(frozen=True)
class Moving:
    """How many records of a type come along."""

    label: str
    count: int
    is_capped: bool


@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, type_key: str, record_id: UUID, other_id: UUID) -> HttpResponse:
    """The page and the merge: the record of the address stays, the other one becomes part of it."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    two = demand_both(ctx, info, record_id, other_id)
    if request.method == "POST":
        return _merge(request, ctx, two)
    row = between(ctx, info, two.survivor.pk, two.loser.pk)
    pair = seen(ctx, info, row) if row is not None else None
    rows = read_ids(ctx, info, [two.survivor.pk, two.loser.pk])
    fields = [one for one in gate.fields(ctx, info).values() if one.source != "computed" and one.key not in _PLAIN]
    load_titles(ctx, rows.values(), fields)
    mine, theirs = rows[two.survivor.pk], rows[two.loser.pk]
    choices = [_choice(ctx, two, one, mine, theirs) for one in fields if not _both_blank(one, mine, theirs)]
    values = {
        "info": info, "two": two, "pair": pair, "why": in_words(pair.evidence) if pair else [],
        "title": title_of(ctx, info, two.survivor), "other_title": title_of(ctx, info, two.loser),
        "shape": mark_shape(info, mine.is_person), "shape_other": mark_shape(info, theirs.is_person),
        "differing": [one for one in choices if not one.is_same], "equal": [one for one in choices if one.is_same],
        "moving": _moving(ctx, two), "swap_url": _url(info, two.loser.pk, two.survivor.pk), "days": DAYS,
        "skip_url": _next_url(ctx, info, pair) if pair else "", "is_apart": bool(row and row.state == DuplicatePair.APART),
    }  # fmt: skip
    return render(request, "duplicates/merge.html", values)


def _merge(request: HttpRequest, ctx: Context, two: Two) -> HttpResponse:
    row = between(ctx, two.info, two.survivor.pk, two.loser.pk)
    pair = seen(ctx, two.info, row) if row is not None else None
    following = next_group(ctx, two.info, pair) if pair and request.POST.get("next") else None
    picks = {key: request.POST.get(f"pick-{key}", "") for key in gate.fields(ctx, two.info)}
    name = title_of(ctx, two.info, two.loser)
    made = begin_merge(ctx, two, {key: pick for key, pick in picks.items() if pick in (ONE, OTHER, BOTH)})
    go_to = two.info.record_url(two.survivor.pk)
    if following is not None and two.loser.pk not in following.members:
        go_to = url_of(two.info, following)
    elif request.POST.get("next"):
        go_to = f"/duplicates/{two.info.key}/review"
    if made.state == Merge.WAITING:
        return done(request, _("“%(name)s” is being merged in; you can go on meanwhile.") % {"name": name}, go_to)
    return done(
        request, _("“%(name)s” is merged in. For %(days)d days this can be taken back.") % {"name": name, "days": DAYS}, go_to,
        undo=f"merge:{made.pk}",
    )  # fmt: skip


def _both_blank(one: Field, mine: Row, theirs: Row) -> bool:
    return one.kind.blank(mine.values.get(one.key)) and one.kind.blank(theirs.values.get(one.key))


def _choice(ctx: Context, two: Two, one: Field, mine: Row, theirs: Row) -> Choice:
    first, second = mine.values.get(one.key), theirs.values.get(one.key)
    may = one.key in pickable(ctx, two.info, two.survivor)
    return Choice(
        one.key, capital(one.label), one.kind.cell(first, ctx.format), one.kind.cell(second, ctx.format),
        same(one, first, second), may, may and can_unite(one) and not one.kind.blank(first) and not one.kind.blank(second),
        default_pick(one, first, second) if may else ONE,
    )  # fmt: skip


def _moving(ctx: Context, two: Two) -> list[Moving]:
    """What this viewer sees of that which refers to the loser, by type."""
    found: dict[str, int] = {}
    for one in pointing_at(ctx, two.info.key):
        if one.field.key in gate.fields(ctx, one.info) and gate.allows(ctx, one.info, "view"):
            rows = gate.visible(ctx, one.info).filter(one.at(two.loser.pk)).order_by()
            found[one.info.key] = found.get(one.info.key, 0) + rows.values("pk")[: _MOST + 1].count()
    return [
        Moving(_noun(registry.get(key), count), min(count, _MOST), count > _MOST) for key, count in found.items() if count
    ]


def _noun(info: TypeInfo, count: int) -> str:
    return str(info.label if count == 1 else info.plural)


def _url(info: TypeInfo, one: UUID, other: UUID) -> str:
    return f"{info.record_url(one)}/merge/{other}"


def _next_url(ctx: Context, info: TypeInfo, pair: Pair) -> str:
    following = next_group(ctx, info, pair)
    return url_of(info, following) if following is not None else ""
