"""Everything known about a person, as the one who asks may see it; and what an erasure would do to it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.privacy.holdings import Holdings, holdings
from rapport.engines.privacy.registry import DELETE, HASH, retention_of, subject_of, treatment_of
from rapport.kernel.access import gate
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Gone
from rapport.kernel.query.read import Row, load_titles, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_SOME = 200


@dataclass(frozen=True)
class Known:
    """The records of one type about a person, with the fields the viewer may see."""

    info: TypeInfo
    fields: list[Field]
    rows: list[Row]


@dataclass(frozen=True)
class Fate:
    """What an erasure does to the records of one type."""

    info: TypeInfo
    how: str  # delete, empty, hash, keep
    count: int
    until: dt.date | None = None
    why: object = ""


def demand_subject(ctx: Context, info: TypeInfo, record: Record) -> None:
    """Raise Gone for a record that is no person, as for an address that leads nowhere."""
    del ctx
    if subject_of(info, record) is None:
        raise Gone(f"{info.key} {record.pk} is no person.")


def everything_known(ctx: Context, info: TypeInfo, record: Record, *, verb: str = "view") -> list[Known]:
    """The person first, then every type with records about them that the viewer may do `verb` to; not what is in the bin."""
    found = holdings(ctx.as_system("privacy"), info, record)
    known = [_known(ctx, info, {record.pk}, verb)]
    known += [_known(ctx, registry.get(key), ids, verb) for key, ids in sorted(found.items())]
    return [one for one in known if one.rows]


def _known(ctx: Context, info: TypeInfo, ids: Iterable[UUID], verb: str) -> Known:
    fields = list(gate.fields(ctx, info).values())
    rows: list[Row] = []
    if gate.allows(ctx, info, verb):
        every = sorted(ids)
        for at in range(0, len(every), _SOME):
            some = every[at : at + _SOME]
            allowed = set(gate.visible(ctx, info, verb).filter(pk__in=some).values_list("pk", flat=True))
            rows += [row for pk, row in read_ids(ctx, info, some).items() if pk in allowed]
        load_titles(ctx, rows, fields)
    return Known(info, fields, rows)


def log_of(ctx: Context, known: Iterable[Known]) -> Iterable[tuple[TypeInfo, Change]]:
    """The entries of the change log about these records, oldest first within a record."""
    for one in known:
        for row in one.rows:
            changes = Change.objects.filter(workspace_id=ctx.workspace.pk, record_id=row.id).order_by("number")
            for change in changes.iterator(chunk_size=_SOME):
                yield one.info, change


def fates(ctx: Context, info: TypeInfo, record: Record) -> list[Fate]:
    """What an erasure would do, by type; counts all there is, for whoever has the right to erase it."""
    found: Holdings = holdings(ctx.as_system("privacy"), info, record)
    told: list[Fate] = []
    for key, ids in sorted(found.items()):
        other = registry.get(key)
        law, treatment = retention_of(key), treatment_of(key)
        kept: Counter[dt.date] = Counter()
        if law is not None:
            for one in other.model.objects.filter(pk__in=ids):
                until = law.keeps_until(ctx, one)
                if until is not None:
                    kept[until] += 1
        if kept and law is not None:
            told.append(Fate(other, "keep", sum(kept.values()), max(kept), law.reason))
        rest = len(ids) - sum(kept.values())
        if rest:
            how = treatment.how if treatment.how in (DELETE, HASH) else "empty"
            told.append(Fate(other, how, rest, None, treatment.why))
    return told
