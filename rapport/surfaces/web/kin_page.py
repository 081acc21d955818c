"""Records that are there as records of another type already: a lead who is a customer. Joined by an action, never merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.kin_pairs import SeenKin, decide_kin, find_kind_of_kin, kin_page, kin_pair
from rapport.engines.duplicates.models import DuplicateScan, KinPair
from rapport.engines.duplicates.registry import Kin
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.query.read import mark_shape
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.duplicates_page import tabs
from rapport.surfaces.web.shell import render

_PAGE = 30


@dataclass(frozen=True)
class Line:
    """One pair as the list shows it."""

    pair: SeenKin
    title: str
    shape: str
    url: str
    other: str
    other_shape: str
    other_url: str
    why: list[str]


@require_GET
def among(request: HttpRequest, type_key: str, other: str) -> HttpResponse:
    """The pairs of two types, likeliest first; `?state=apart` shows those that were parted."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    kin = find_kind_of_kin(ctx, info.key, other)
    state = KinPair.APART if request.GET.get("state") == KinPair.APART else KinPair.OPEN
    pairs, more = kin_page(ctx, kin, limit=_PAGE, cursor=request.GET.get("cursor", "")[:80], state=state)
    values = {
        "info": info, "kin": kin, "there": registry.get(kin.other), "action": actions_of(info.key)[kin.action],
        "lines": lines_of_kin(ctx, kin, pairs), "more": more, "state": state, **tabs(ctx, info),
        "scan": DuplicateScan.objects.filter(workspace_id=ctx.workspace.pk, type=kin.key).first(),
    }  # fmt: skip
    return render(request, "duplicates/among.html", values)


def lines_of_kin(ctx: Context, kin: Kin, pairs: Sequence[SeenKin]) -> list[Line]:
    """Pairs with the titles of both: one query for each of the two types."""
    here, there = registry.get(kin.type), registry.get(kin.other)
    mine = gate.titles(ctx, here, {one.record_id for one in pairs})
    theirs = gate.titles(ctx, there, {one.other_id for one in pairs})
    found = []
    for one in pairs:
        title, other = mine.get(one.record_id), theirs.get(one.other_id)
        found.append(
            Line(
                one, str(title or capital(here.label)), mark_shape(here, bool(title and title.is_person)),
                here.record_url(one.record_id), str(other or capital(there.label)),
                mark_shape(there, bool(other and other.is_person)), there.record_url(one.other_id), in_words(one.evidence),
            )
        )  # fmt: skip
    return found


@require_POST
def part_kin(request: HttpRequest, pair_id: int) -> HttpResponse:
    """The two are not the same, for ever; or (`again`) they may be, after all."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    pair = kin_pair(ctx, pair_id)
    again = "again" in request.POST
    decide_kin(ctx, pair, apart=not again)
    text = _("They may be the same again.") if again else _("Kept apart. Nobody is asked about these two again.")
    return done(request, text, f"/duplicates/{pair.kin.type}/among/{pair.kin.other}")
