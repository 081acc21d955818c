"""Records that are there as records of another type already, as one viewer may see them, and what they decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from rapport.engines.duplicates.evidence import LIKELY, Evidence, from_stored, score_of, seen_by
from rapport.engines.duplicates.kin_scanning import open_ones, pairs_of
from rapport.engines.duplicates.models import KinPair
from rapport.engines.duplicates.pairs import LOOKS, after, mark_of
from rapport.engines.duplicates.registry import Kin, kin_of
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import only_looking
from rapport.kernel.errors import Gone
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class SeenKin:
    """A pair as its viewer may see it."""

    id: int
    kin: Kin
    record_id: UUID
    other_id: UUID
    score: int
    evidence: tuple[Evidence, ...]
    state: str
    #: Where the two are joined: the action, with the other record filled in.
    url: str


def reviewable_kin(ctx: Context, type_key: str) -> list[Kin]:
    """The other types for which this viewer may join records of a type."""
    info = registry.get(type_key)
    return [
        one for one in kin_of(type_key)
        if one.other in registry and gate.allows(ctx, info, "view") and gate.allows(ctx, info, one.action)
        and gate.allows(ctx, registry.get(one.other), "view")
    ]  # fmt: skip


def find_kind_of_kin(ctx: Context, type_key: str, other: str) -> Kin:
    """What two types have to do with each other, for whoever may join them; anything else is not there."""
    found = next((one for one in reviewable_kin(ctx, type_key) if one.other == other), None)
    if found is None:
        raise Gone(_("These records cannot be joined, or you may not do it."))
    return found


def kin_page(
    ctx: Context, kin: Kin, *, limit: int = 50, cursor: str = "", state: str = KinPair.OPEN
) -> tuple[list[SeenKin], str | None]:
    """Pairs, likeliest first, of which the viewer may join the one and see the other; and the mark of the next page."""
    found: list[SeenKin] = []
    at: str | None = cursor
    for _look in range(LOOKS):
        rows = list(after(_both_seen(ctx, kin).filter(state=state), at or "")[: limit + 1])  # type: ignore[arg-type]
        found += [one for row in rows[:limit] if (one := _seen(ctx, kin, row)) is not None]
        at = mark_of(rows[limit - 1]) if len(rows) > limit else None  # type: ignore[arg-type]
        if at is None or len(found) >= limit:
            break
    return found, at


def kin_of_record(ctx: Context, kin: Kin, record_id: UUID) -> list[SeenKin]:
    """What one record may be already."""
    rows = _both_seen(ctx, kin).filter(record_id=record_id, state=KinPair.OPEN).order_by("-score")[:5]
    return [one for row in rows if (one := _seen(ctx, kin, row)) is not None]


def kin_pair(ctx: Context, pair_id: int) -> SeenKin:
    """One pair that the viewer may decide about; anything else is not there."""
    row = KinPair.objects.filter(workspace_id=ctx.workspace.pk, pk=pair_id).first()
    if row is not None and row.type in registry:
        for kin in reviewable_kin(ctx, row.type):
            if kin.other == row.other_type and _both_seen(ctx, kin).filter(pk=row.pk).exists():
                found = _seen(ctx, kin, row)
                if found is not None:
                    return found
    raise Gone(_("This pair is not there any more: somebody joined or parted it, or you may not see it."))


def decide_kin(ctx: Context, pair: SeenKin, *, apart: bool) -> None:
    """Say that the two are not the same, for ever, or take that back."""
    if ctx.viewer.preview_of:
        raise only_looking()
    KinPair.objects.filter(workspace_id=ctx.workspace.pk, pk=pair.id).update(
        state=KinPair.APART if apart else KinPair.OPEN, decided_by=ctx.actor_id if apart else None,
        decided_at=dt.datetime.now(dt.UTC) if apart else None,
    )  # fmt: skip


def _both_seen(ctx: Context, kin: Kin) -> QuerySet[KinPair]:
    mine, theirs = registry.get(kin.type), registry.get(kin.other)
    rows = pairs_of(ctx, kin)
    rows = rows.filter(Exists(gate.visible(ctx, mine, kin.action).filter(pk=OuterRef("record_id"))))
    rows = rows.filter(Exists(open_ones(ctx, kin).filter(pk=OuterRef("record_id"))))
    return rows.filter(Exists(gate.visible(ctx, theirs).filter(pk=OuterRef("other_id"))))


def _seen(ctx: Context, kin: Kin, row: KinPair) -> SeenKin | None:
    mine, theirs = registry.get(kin.type), registry.get(kin.other)
    every = from_stored(row.evidence)
    visible = seen_by(every, [*gate.fields(ctx, theirs), *(f"<{key}" for key in gate.fields(ctx, mine))])
    score = row.score if len(visible) == len(every) else score_of(visible)
    if score < LIKELY and len(visible) != len(every):
        return None
    given: Mapping[str, str] = {row.input: str(row.other_id)}
    url = f"{mine.record_url(row.record_id)}/do/{kin.action}?{urlencode(given)}"
    return SeenKin(row.pk, kin, row.record_id, row.other_id, score, tuple(visible), row.state, url)
