"""On a record's page: what it may be a double of, and what was merged into it and can be parted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.kin_pairs import kin_of_record, reviewable_kin
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.pairs import both_seen, seen
from rapport.engines.duplicates.registry import identity_of
from rapport.engines.duplicates.unmerging import may_undo
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_MOST = 5


@dataclass(frozen=True)
class Double:
    """A record that may be this one."""

    title: str
    why: str
    url: str


@dataclass(frozen=True)
class Kindred:
    """A record of another type that may be this one, and where the two are joined."""

    title: str
    label: str
    why: str
    url: str
    join_url: str
    action: str


@slot("record.aside", order=200)
def doubles_panel(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """For those who may merge; nothing to say, no panel."""
    if info is None or record is None or identity_of(info.key) is None:
        return None
    kin = _kin(ctx, info, record)
    if not gate.allows(ctx, info, "merge"):
        values = {"kin": kin, "doubles": [], "merges": [], "ctx": ctx}
        return Panel(_("Duplicates"), "duplicates_engine/panel.html", values) if kin else None
    merges = list(
        Merge.objects.filter(
            workspace_id=ctx.workspace.pk, survivor_id=record.pk, type=info.key, state=Merge.DONE, settled_at=None
        ).order_by("-id")[:_MOST]
    )
    mine = Q(one_id=record.pk) | Q(other_id=record.pk)
    there = DuplicatePair.objects.filter(mine, workspace_id=ctx.workspace.pk, type=info.key, state=DuplicatePair.OPEN)
    ids = list(there.values_list("pk", flat=True)[:20])
    doubles = _doubles(ctx, info, record, ids) if ids else []
    taken = [one for one in merges if may_undo(ctx, one)]
    if not doubles and not taken and not kin:
        return None
    values = {"doubles": doubles, "kin": kin, "merges": taken, "ctx": ctx}
    return Panel(_("Duplicates"), "duplicates_engine/panel.html", values)


def _kin(ctx: Context, info: TypeInfo, record: Record) -> list[Kindred]:
    """What the record may be already among other types, for those who may join the two."""
    found = []
    for kin in reviewable_kin(ctx, info.key):
        there, action = registry.get(kin.other), actions_of(info.key)[kin.action]
        pairs = kin_of_record(ctx, kin, record.pk)
        titles = gate.titles(ctx, there, {one.other_id for one in pairs})
        found += [
            Kindred(
                str(titles.get(one.other_id, there.label)), capital(there.label), ", ".join(in_words(one.evidence)),
                there.record_url(one.other_id), one.url, str(action.label),
            )
            for one in pairs
        ]  # fmt: skip
    return found


def _doubles(ctx: Context, info: TypeInfo, record: Record, ids: list[int]) -> list[Double]:
    rows = list(both_seen(ctx, info).filter(pk__in=ids).order_by("-score")[:_MOST])
    pairs = [pair for row in rows if (pair := seen(ctx, info, row)) is not None]
    others = {pair.id: pair.other_id if pair.one_id == record.pk else pair.one_id for pair in pairs}
    titles = gate.titles(ctx, info, set(others.values()))
    return [
        Double(
            str(titles.get(others[pair.id], info.label)), ", ".join(in_words(pair.evidence)),
            f"{info.record_url(record.pk)}/merge/{others[pair.id]}",
        )
        for pair in pairs
    ]  # fmt: skip
