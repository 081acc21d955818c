"""The pairs that a scan found, as one viewer may see them, and what they decide about each."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from rapport.engines.duplicates.evidence import LIKELY, Evidence, from_stored, score_of, seen_by
from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.duplicates.registry import identity_of
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import only_looking
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Counting stops here.
MOST_COUNTED = 1_000
#: Pages looked through for a viewer who may see little before they are asked to go on by themselves.
LOOKS = 8


@dataclass(frozen=True)
class Pair:
    """A pair as its viewer may see it: score and reasons rest on nothing that is hidden from them."""

    id: int
    type: str
    one_id: UUID
    other_id: UUID
    score: int
    evidence: tuple[Evidence, ...]
    state: str


def demand_review(ctx: Context, info: TypeInfo) -> None:
    """Raise Gone for a type without doubles, Refused without the right to merge."""
    if identity_of(info.key) is None:
        raise Gone(_("Records of this type cannot be merged."))
    gate.demand(ctx, info, "view")
    gate.demand(ctx, info, "merge")


def pairs_page(
    ctx: Context, info: TypeInfo, *, limit: int = 50, cursor: str = "", state: str = DuplicatePair.OPEN
) -> tuple[list[Pair], str | None]:
    """Pairs, likeliest first, of which the viewer sees both and may merge both; and the mark of the next page."""
    found: list[Pair] = []
    at: str | None = cursor
    for _look in range(LOOKS):
        rows = list(after(both_seen(ctx, info, state), at or "")[: limit + 1])
        for row in rows[:limit]:
            pair = seen(ctx, info, row)
            if pair is not None:
                found.append(pair)
        at = mark_of(rows[limit - 1]) if len(rows) > limit else None
        if at is None or len(found) >= limit:
            break
    return found, at


def both_seen(ctx: Context, info: TypeInfo, state: str = DuplicatePair.OPEN) -> QuerySet[DuplicatePair]:
    """The pairs of a type of which the viewer may see and merge both."""
    rows = DuplicatePair.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, state=state)
    allowed = gate.visible(ctx, info, "merge")
    for name in ("one_id", "other_id"):
        rows = rows.filter(Exists(allowed.filter(pk=OuterRef(name))))
    return rows


def seen(ctx: Context, info: TypeInfo, row: DuplicatePair) -> Pair | None:
    """The pair without what is hidden from the viewer; None when too little is left of it."""
    every = from_stored(row.evidence)
    visible = seen_by(every, gate.fields(ctx, info))
    score = row.score if len(visible) == len(every) else score_of(visible)
    if score < LIKELY and len(visible) != len(every):
        return None
    return Pair(row.pk, row.type, row.one_id, row.other_id, score, tuple(visible), row.state)


def count_open(ctx: Context, info: TypeInfo) -> int:
    """How many pairs wait, up to a thousand and one."""
    return both_seen(ctx, info).order_by().values("pk")[: MOST_COUNTED + 1].count()


def pair_of(ctx: Context, pair_id: int) -> Pair:
    """One pair that the viewer may merge; anything else is not there."""
    row = DuplicatePair.objects.filter(workspace_id=ctx.workspace.pk, pk=pair_id).first()
    found = None
    if row is not None and row.type in registry and identity_of(row.type) is not None:
        info = registry.get(row.type)
        if gate.allows(ctx, info, "merge") and both_seen(ctx, info, row.state).filter(pk=row.pk).exists():
            found = seen(ctx, info, row)
    if found is None:
        raise Gone(_("This pair is not there any more: somebody merged or parted it, or you may not see it."))
    return found


def decide(ctx: Context, pair: Pair, *, apart: bool) -> None:
    """Say that the two are not the same, for ever, or take that back."""
    if ctx.viewer.preview_of:
        raise only_looking()
    info = registry.get(pair.type)
    for pk in (pair.one_id, pair.other_id):
        if not gate.visible(ctx, info, "merge").filter(pk=pk).exists():
            raise Refused(_("Your role does not allow you to decide about these two."))
    DuplicatePair.objects.filter(workspace_id=ctx.workspace.pk, pk=pair.id).update(
        state=DuplicatePair.APART if apart else DuplicatePair.OPEN, decided_by=ctx.actor_id if apart else None,
        decided_at=dt.datetime.now(dt.UTC) if apart else None,
    )  # fmt: skip


def between(ctx: Context, info: TypeInfo, one: UUID, other: UUID) -> DuplicatePair | None:
    """The row about two records, if there is one. The caller has asked the gate for both."""
    low, high = sorted((one, other))
    return DuplicatePair.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, one_id=low, other_id=high).first()


def mark_of(row: DuplicatePair) -> str:
    """The mark of a page that begins after a pair."""
    return base64.urlsafe_b64encode(f"{row.score}.{row.pk}".encode()).decode().rstrip("=")


def after(rows: QuerySet[DuplicatePair], cursor: str) -> QuerySet[DuplicatePair]:
    """The pairs after a mark, likeliest first. Raises Invalid for a mark of another list."""
    rows = rows.order_by("-score", "id")
    if not cursor:
        return rows
    try:
        score, pk = (int(part) for part in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("."))
    except ValueError:
        score = pk = -1
    if not (0 <= score <= 100 and 0 <= pk < 2**63):
        raise Invalid(_("This page mark is not of this list; start from the first page."), code="bad_cursor", field="cursor")
    return rows.filter(Q(score__lt=score) | Q(score=score, pk__gt=pk))
