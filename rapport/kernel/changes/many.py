"""Set-wise writing for imports, mass edits and samples: the same checks and log as one write, many rows a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes import values as v
from rapport.kernel.changes.bulk import update_rows
from rapport.kernel.changes.door import changes_of, diff_of, not_allowed
from rapport.kernel.changes.indexers import run_indexers
from rapport.kernel.changes.unit import Unit, unit_of_work
from rapport.kernel.changes.written import Written
from rapport.kernel.custom import conditions, unique
from rapport.kernel.errors import Conflict, Gone, Invalid, RapportError, Refused
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Ids in one condition: below every limit of both databases.
_IDS = 5_000


@dataclass
class ManyResult:
    """What became of each row: its record's id, or the error that kept it out. Keys are positions in the input."""

    ids: dict[int, UUID] = field(default_factory=dict)
    errors: dict[int, RapportError] = field(default_factory=dict)
    unchanged: int = 0


def after_all(ctx: Context, info: TypeInfo, written: list[Written], unit: Unit, every: Mapping[str, Field]) -> None:
    """Log, index and run the type's effects, each once for all."""
    unit.changes += changes_of(ctx, written, every)
    run_indexers(ctx, written)
    for effect in info.declared.effects:
        effect(ctx, written)


def see_references(ctx: Context, fields: Mapping[str, Field], rows: Sequence[Mapping[str, object]]) -> None:
    """Let the resolver look at every record these rows refer to in one query per type, before it is asked one by one."""
    resolver = ctx.cleaning().resolver
    if resolver is None or not rows:
        return
    wanted: dict[str, set[UUID]] = {}
    for key, one in fields.items():
        if not one.to and one.kind.key != "anyref":
            continue
        for row in rows:
            value = row.get(key)
            target, pk = (one.to, value) if one.to else value if type(value) is tuple and len(value) == 2 else ("", None)
            if type(pk) is UUID and target in registry:
                wanted.setdefault(target, set()).add(pk)
    for type_key, ids in wanted.items():
        for some in _portions(list(ids)):
            resolver.exists(type_key, some)


def _portions(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for at in range(0, len(ids), _IDS):
        yield ids[at : at + _IDS]


@dataclass
class _Edit:
    """One record being changed."""

    position: int
    record: Record
    was: int
    diff: dict[str, tuple[object, object]]


class _Strayed(Exception):
    """Some of the records just saved may not stand (outside the viewer's reach, a condition); the savepoint rolls back."""

    def __init__(self, ids: set[UUID], why: Mapping[UUID, RapportError] | None = None) -> None:
        super().__init__(ids)
        self.ids, self.why = ids, why or {}


def write_many(
    ctx: Context, info: TypeInfo, edits: Sequence[tuple[UUID, Mapping[str, object]]], *, only_check: bool = False
) -> ManyResult:
    """Change many records in one transaction, with the checks of the write door; rows that fail are reported and left out.

    Set-wise: one SELECT, one UPDATE with the versions compared, one run of indexers and effects, however many records.
    With `only_check` nothing is written.
    """
    result = ManyResult()
    if only_check:
        for wave in _waves(edits):
            _ready(ctx, info, wave, result, {**info.fields, **gate.custom_fields(ctx.workspace, info.key)})
        return result
    with unit_of_work(ctx) as unit:
        for wave in _waves(edits):
            _write_wave(ctx, info, wave, unit, result)
    return result


def _waves(
    edits: Sequence[tuple[UUID, Mapping[str, object]]],
) -> list[list[tuple[int, UUID, Mapping[str, object]]]]:
    """The edits in order, so that no record stands twice in a wave."""
    waves: list[list[tuple[int, UUID, Mapping[str, object]]]] = []
    seen: dict[UUID, int] = {}
    for position, (pk, given) in enumerate(edits):
        at = seen[pk] = seen.get(pk, -1) + 1
        if at == len(waves):
            waves.append([])
        waves[at].append((position, pk, given))
    return waves


def _write_wave(
    ctx: Context, info: TypeInfo, wave: list[tuple[int, UUID, Mapping[str, object]]], unit: Unit, result: ManyResult
) -> None:
    every = {**info.fields, **gate.custom_fields(ctx.workspace, info.key)}
    saved = _save_all(ctx, info, _ready(ctx, info, wave, result, every), result)
    written = [Written(info, edit.record, "update", edit.diff) for edit in saved]
    if written:
        after_all(ctx, info, written, unit, every)


def _ready(
    ctx: Context, info: TypeInfo, wave: list[tuple[int, UUID, Mapping[str, object]]], result: ManyResult,
    every: Mapping[str, Field],
) -> list[_Edit]:  # fmt: skip
    """The records with their new values on them, checked and not yet saved."""
    settable = v.settable_fields(ctx, info, creating=False)
    see_references(ctx, settable, [given for _position, _pk, given in wave])
    seen, editable = _reach(ctx, info, [pk for _position, pk, _given in wave])
    cleaned_before: tuple[object, dict[str, object]] | None = None
    ready: list[_Edit] = []
    further = _FurtherVerbs(ctx, info, list(seen))
    for position, pk, given in wave:
        try:
            record = _demand_editable(info, pk, seen, editable)
            # A mass edit gives every record the same values, which are cleaned once.
            if cleaned_before is None or cleaned_before[0] is not given:
                values = v.clean_values(ctx, info, given, settable, ctx.cleaning())
                v.demand_kept(values, settable)
                cleaned_before = (given, values)
            diff = _change(ctx, info, record, dict(cleaned_before[1]), every)
            further.demand(pk, v.verbs_of(diff, every))
        except (Invalid, Refused, Gone) as wrong:
            result.errors[position] = wrong
            continue
        result.ids[position] = pk
        if diff:
            ready.append(_Edit(position, record, record.version - 1, diff))
        else:
            result.unchanged += 1
    _refuse_taken(ctx, info, ready, result)
    return [edit for edit in ready if edit.position not in result.errors]


def _refuse_taken(ctx: Context, info: TypeInfo, edits: Sequence[_Edit], result: ManyResult) -> None:
    """Leave out the edits with a value that may stand once and stands elsewhere already."""
    rows = [(edit.position, edit.record.pk, {k: new for k, (_old, new) in edit.diff.items()}) for edit in edits]
    wrong = unique.taken(ctx, info, rows)
    for edit in (e for e in edits if e.position in wrong):
        _leave_out(result, edit, wrong[edit.position])


def _reach(ctx: Context, info: TypeInfo, ids: Sequence[UUID]) -> tuple[dict[UUID, Record], set[UUID]]:
    """The records the viewer may see, by id, and the ids of those the viewer may edit."""
    seen: dict[UUID, Record] = {}
    editable: set[UUID] = set()
    plain = gate.sees_all(ctx, info, "edit")
    for some in _portions(ids):
        seen |= {record.pk: record for record in gate.visible(ctx, info).filter(pk__in=some)}
        if not plain:
            editable |= set(gate.visible(ctx, info, "edit").filter(pk__in=some).values_list("pk", flat=True))
    return seen, set(seen) if plain else editable | {pk for pk in seen if ctx.may_write(pk)}


class _FurtherVerbs:
    """Which of these records the viewer may do a further verb to; asked once per verb, when the first one needs it."""

    def __init__(self, ctx: Context, info: TypeInfo, ids: list[UUID]) -> None:
        self.ctx, self.info, self.ids = ctx, info, ids
        self.able: dict[str, set[UUID]] = {}

    def demand(self, pk: UUID, verbs: set[str]) -> None:
        """Raise Refused when one of the verbs is not the viewer's for this record."""
        if not verbs or self.ctx.viewer.is_system or self.ctx.may_write(pk):
            return
        for verb in sorted(verbs):
            if verb not in self.able:
                found: set[UUID] = set()
                for some in _portions(self.ids):
                    found |= set(gate.visible(self.ctx, self.info, verb).filter(pk__in=some).values_list("pk", flat=True))
                self.able[verb] = found
            if pk not in self.able[verb]:
                raise not_allowed(self.info, verb)


def _demand_editable(info: TypeInfo, pk: UUID, seen: Mapping[UUID, Record], editable: set[UUID]) -> Record:
    record = seen.get(pk)
    if record is None:
        raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
    if pk not in editable:
        raise not_allowed(info, "edit")
    return record


def _change(
    ctx: Context, info: TypeInfo, record: Record, cleaned: dict[str, object], every: Mapping[str, Field]
) -> dict[str, tuple[object, object]]:
    """Put the values on the record, as the door does for one; returns what changed. Raises Invalid."""
    v.follow_owner(ctx, info, record, cleaned)
    for check in info.declared.checks:
        check(ctx, record, cleaned)
    diff = diff_of(record, cleaned, every)
    if diff:
        for key, (_old, new) in diff.items():
            v.set_value(record, every[key], new)
        v.settle(ctx, info, record)
        record.version, record.updated_at = record.version + 1, v.now()
    return diff


def _save_all(ctx: Context, info: TypeInfo, edits: list[_Edit], result: ManyResult) -> list[_Edit]:
    """Save the records; those that would leave the viewer's reach are refused and the rest is saved again without them."""
    names = [
        f.attname for f in info.model._meta.concrete_fields
        if f.attname not in ("id", "workspace_id", "created_at")
    ]  # fmt: skip
    conditional = bool(conditions.conditions_of(ctx.workspace, info.key))
    while edits:
        try:
            if (ctx.hands_over or gate.sees_all(ctx, info)) and not conditional:
                there = _update(info, edits, names)
            else:
                with transaction.atomic():
                    there = _update(info, edits, names)
                    _demand_conditions(ctx, info, [e for e in edits if e.record.pk in there])
                    if not ctx.hands_over:
                        _demand_none_strayed(ctx, info, sorted(there))
        except _Strayed as strayed:
            for edit in (e for e in edits if e.record.pk in strayed.ids):
                _leave_out(result, edit, strayed.why.get(edit.record.pk) or _out_of_reach(info))
            edits = [e for e in edits if e.record.pk not in strayed.ids]
            continue
        for edit in (e for e in edits if e.record.pk not in there):
            _leave_out(result, edit, Conflict(
                _("Somebody saved this %(type)s at the same moment. Load it again and repeat your change.")
                % {"type": info.label}
            ))  # fmt: skip
        return [e for e in edits if e.record.pk in there]
    return []


def _update(info: TypeInfo, edits: Sequence[_Edit], names: Sequence[str]) -> set[UUID]:
    """Update by groups that change the same fields, so that no row writes columns (and indexes) that stay as they are."""
    groups: dict[tuple[str, ...], list[_Edit]] = {}
    for edit in edits:
        groups.setdefault(tuple(edit.diff), []).append(edit)
    found: set[UUID] = set()
    for keys, some in groups.items():
        wanted = [*_columns_of(info, keys), "version", "updated_at"]
        columns = [name for name in names if name in wanted]
        found |= update_rows(
            info.model, columns, [(e.record.pk, e.was, [e.record.__dict__[n] for n in columns]) for e in some]
        )
    return found


def _columns_of(info: TypeInfo, keys: Sequence[str]) -> set[str]:
    """The columns that these fields hold, with their companions and the folded title."""
    found: set[str] = set()
    for key in keys:
        one = info.fields.get(key)
        if one is None or one.source == "custom":
            found.add("custom")
            continue
        found |= set(one.columns)
        model_field = info.model._meta.get_field(key)
        found |= set(getattr(model_field, "companions", lambda: ())())
        if key == info.declared.title:
            found.add("title_key")
    return found


def _demand_conditions(ctx: Context, info: TypeInfo, edits: Sequence[_Edit]) -> None:
    """Raise when what was saved breaks the condition of a field."""
    wrong = conditions.broken(ctx, info, [Written(info, edit.record, "update", edit.diff) for edit in edits])
    if wrong:
        raise _Strayed(set(wrong), wrong)


def _demand_none_strayed(ctx: Context, info: TypeInfo, ids: Sequence[UUID]) -> None:
    """Raise when the viewer may not see all of these any more."""
    stray = set(ids)
    for some in _portions(ids):
        stray -= set(gate.visible(ctx, info).filter(pk__in=some).values_list("pk", flat=True))
    if stray:
        raise _Strayed(stray)


def _leave_out(result: ManyResult, edit: _Edit, wrong: RapportError) -> None:
    result.ids.pop(edit.position, None)
    result.errors[edit.position] = wrong


def _out_of_reach(info: TypeInfo) -> Refused:
    return Refused(
        _("That would put the %(type)s outside of what your role may see. Keep the owner within your team.")
        % {"type": info.label},
        code="out_of_reach",
    )
