"""The walker: whatever points at one record points at another afterwards, through the write door, each step written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from rapport.engines.duplicates.models import DuplicatePair, Merge, MergeMove
from rapport.engines.duplicates.pointing import Pointing, pointing_at, rows_at
from rapport.engines.duplicates.registry import Holder, filters, holders, twins_of
from rapport.kernel.changes.values import read_value
from rapport.kernel.errors import RapportError
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Rows of one step.
PORTION = 500
_JSON = DjangoJSONEncoder()


@dataclass
class Walk:
    """One walk from the loser to the survivor, inside the open unit of work of the merge. `ctx` is the system's."""

    ctx: Context
    merge: Merge
    counts: Counter[str] = field(default_factory=Counter)

    def go(self) -> Counter[str]:
        """Move everything; returns how many rows of what."""
        by_type: dict[str, list[Pointing]] = {}
        for one in pointing_at(self.ctx, self.merge.type):
            by_type.setdefault(one.info.key, []).append(one)
        for key, fields in by_type.items():
            self._records(registry.get(key), fields)
        for holder in holders():
            self._rows(holder)
        self._pairs()
        self._filters()
        return self.counts

    # -- records ------------------------------------------------------------------------------------------------------

    def _records(self, info: TypeInfo, fields: Sequence[Pointing]) -> None:
        edits: dict[UUID, dict[str, object]] = {}
        for one in fields:
            rows = rows_at(self.ctx, one, self.merge.loser_id).exclude(pk__in=[self.merge.loser_id, self.merge.survivor_id])
            for pk in rows.order_by("pk").values_list("pk", flat=True):
                edits.setdefault(pk, {})[one.field.key] = one.value(self.merge.survivor_id)
        every = list(edits)
        for at in range(0, len(every), PORTION):
            some = {pk: edits[pk] for pk in every[at : at + PORTION]}
            for pk in self._needless(info, some):
                self._bin(info, pk)
                some.pop(pk)
            self._write(info, some)

    def _write(self, info: TypeInfo, edits: Mapping[UUID, Mapping[str, object]]) -> None:
        if not edits:
            return
        raise_first(self.ctx.write_many(info.key, list(edits.items())).errors.values())
        self._note(MergeMove.REFERENCE, info.key, [(str(pk), key) for pk, values in edits.items() for key in values])
        self.counts[info.key] += len(edits)

    def _bin(self, info: TypeInfo, pk: UUID) -> None:
        self.ctx.delete(info.model.objects.get(pk=pk))
        self._note(MergeMove.BINNED, info.key, [(str(pk), "")])
        self.counts[info.key] += 1

    def _needless(self, info: TypeInfo, edits: Mapping[UUID, Mapping[str, object]]) -> list[UUID]:
        """Those of the rows that would say nothing new of the survivor: their twin is there, or they would tie it to itself."""
        twins = twins_of(info.key)
        if twins is None or not any(key in twins.fields for values in edits.values() for key in values):
            return []
        telling = [one for one in info.fields.values() if one.source == "column" and one.writable and one.key not in _PLAIN]
        there: dict[tuple[object, ...], list[dict[str, object]]] = {}
        at_survivor = Q(pk__in=[])
        for one in pointing_at(self.ctx, self.merge.type):
            if one.info is info and one.field.key in twins.fields:
                at_survivor |= one.at(self.merge.survivor_id)
        rows = info.model.objects.filter(workspace_id=self.ctx.workspace.pk, deleted_at=None).filter(at_survivor)
        for record in rows.exclude(pk__in=list(edits)):
            _add(there, twins.fields, {one.key: read_value(record, one) for one in telling})
        found = []
        for record in info.model.objects.filter(pk__in=list(edits)).order_by("pk"):
            values = {one.key: read_value(record, one) for one in telling} | dict(edits[record.pk])
            ties_to_itself = twins.never_same and values.get(twins.never_same[0]) == values.get(twins.never_same[1])
            if ties_to_itself or any(_adds_nothing(values, one) for one in there.get(_key(twins.fields, values), ())):
                found.append(record.pk)
            else:
                _add(there, twins.fields, values)
        return found

    # -- tables that are no records -----------------------------------------------------------------------------------

    def _rows(self, holder: Holder) -> None:
        model = apps.get_model(holder.model)
        base = model.objects.filter(workspace_id=self.ctx.workspace.pk, **holder.only)
        if holder.type_column:
            base = base.filter(**{holder.type_column: self.merge.type})
        mine = list(base.filter(**{holder.column: self.merge.loser_id}).order_by("pk"))
        if not mine:
            return
        taken = base.filter(**{holder.column: self.merge.survivor_id}).values_list(*holder.same) if holder.same else ()
        there = set(taken)
        moved, dropped = [], []
        for row in mine:
            key = tuple(getattr(row, name) for name in holder.same)
            (dropped if holder.same and key in there else moved).append(row)
            there.add(key)
        self._drop(holder.model, dropped)
        base.filter(pk__in=[row.pk for row in moved]).update(**{holder.column: self.merge.survivor_id})
        self._note(MergeMove.ROW, holder.model, [(str(row.pk), holder.column) for row in moved])
        self.counts[holder.model] += len(mine)

    def _drop(self, label: str, rows: Sequence[models.Model]) -> None:
        """Delete rows, keeping what stood in them."""
        MergeMove.objects.bulk_create(
            [
                MergeMove(workspace_id=self.ctx.workspace.pk, merge_id=self.merge.pk, how=MergeMove.DROPPED, holder=label,
                          row=str(row.pk), was=plain_row(row))
                for row in rows
            ]
        )  # fmt: skip
        if rows:
            type(rows[0]).objects.filter(workspace_id=self.ctx.workspace.pk, pk__in=[row.pk for row in rows]).delete()

    def _pairs(self) -> None:
        """Pairs of the loser are pairs of the survivor; that two are apart stays decided."""
        base = DuplicatePair.objects.filter(workspace_id=self.ctx.workspace.pk, type=self.merge.type)
        loser, survivor = self.merge.loser_id, self.merge.survivor_id
        mine = list(base.filter(Q(one_id=loser) | Q(other_id=loser)))
        self._drop("duplicates.DuplicatePair", mine)
        for pair in mine:
            third = pair.other_id if pair.one_id == loser else pair.one_id
            if third == survivor:
                continue
            one, other = sorted((survivor, third))
            there = base.filter(one_id=one, other_id=other)
            if not there.exists():
                pair.pk, pair.one_id, pair.other_id = None, one, other
                pair.save(force_insert=True)
            elif pair.state == DuplicatePair.APART:
                there.update(state=pair.state, decided_by=pair.decided_by, decided_at=pair.decided_at)

    # -- filters ------------------------------------------------------------------------------------------------------

    def _filters(self) -> None:
        """Saved filters that name the loser by its id name the survivor."""
        old, new = str(self.merge.loser_id), str(self.merge.survivor_id)
        for type_key, key in filters():
            if type_key not in registry:
                continue
            info = registry.get(type_key)
            rows = info.model.objects.filter(workspace_id=self.ctx.workspace.pk, deleted_at=None, **{f"{key}__contains": old})
            for record in rows:
                was = getattr(record, key)
                try:
                    self.ctx.write(record, **{key: was.replace(old, new)})
                except RapportError:
                    continue  # a filter that no longer holds, for whatever reason, keeps nobody from merging
                self._note(MergeMove.TEXT, info.key, [(str(record.pk), key)], was=was)
                self.counts[info.key] += 1

    def _note(self, how: str, holder: str, rows: Iterable[tuple[str, str]], *, was: object = None) -> None:
        MergeMove.objects.bulk_create(
            [
                MergeMove(workspace_id=self.ctx.workspace.pk, merge_id=self.merge.pk, how=how, holder=holder, row=row,
                          field=key, was=was)
                for row, key in rows
            ],
            batch_size=PORTION,
        )  # fmt: skip


#: Fields that say nothing about the thing itself.
_PLAIN = ("owner", "team", "external_id", "created_at", "created_by", "updated_at")


def _key(fields: Sequence[str], values: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(values.get(key) for key in fields)


def _add(there: dict[tuple[object, ...], list[dict[str, object]]], fields: Sequence[str], values: dict[str, object]) -> None:
    there.setdefault(_key(fields, values), []).append(values)


def _adds_nothing(values: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether a row says nothing that the other does not: each of its values is empty, or the same."""
    return all(not value or value == other.get(key) for key, value in values.items())


def plain_row(row: models.Model) -> dict[str, object]:
    """A row as JSON, so that it can be made again."""
    found = {one.attname: one.value_from_object(row) for one in row._meta.concrete_fields}
    return {name: _as_json(value) for name, value in found.items()}


def _as_json(value: object) -> object:
    return value if value is None or isinstance(value, (str, int, float, bool, list, dict)) else _JSON.default(value)


def raise_first(errors: Iterable[RapportError]) -> None:
    """Raise the first error there is: all or nothing."""
    for wrong in errors:
        raise wrong


def count_pointing(ctx: Context, type_key: str, record_id: UUID, *, most: int) -> int:
    """How many records point at this one, counted up to `most`."""
    found = 0
    for one in pointing_at(ctx, type_key):
        found += rows_at(ctx, one, record_id).order_by().values("pk")[: most + 1 - found].count()
        if found > most:
            break
    return found


def record_of(info: TypeInfo, record_id: UUID) -> Record | None:
    """A living record, whoever may see it."""
    return info.model.objects.filter(pk=record_id, deleted_at=None).first()
