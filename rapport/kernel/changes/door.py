"""The write door: the only place that writes records. It checks, saves, logs and indexes in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes import values as v
from rapport.kernel.changes.indexers import run_indexers
from rapport.kernel.changes.making import Maker
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.changes.unit import NewChange, unit_of_work
from rapport.kernel.changes.written import Written
from rapport.kernel.custom import conditions, unique
from rapport.kernel.errors import Conflict, Gone, Invalid, Refused
from rapport.kernel.ids import new_id
from rapport.kernel.kinds.base import Cleaning, Kind
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def create(ctx: Context, info: TypeInfo, given: Mapping[str, object]) -> Record:
    """Create a record. Raises Refused without the right, Invalid with a sentence per field."""
    gate.demand(ctx, info, "create")
    settable = v.settable_fields(ctx, info, creating=True)
    every = gate.fields(ctx, info, edit=True)
    cleaning = ctx.cleaning()
    cleaned = v.clean_values(ctx, info, given, settable, cleaning)
    cleaned = {k: x for k, x in cleaned.items() if not settable[k].kind.blank(x)}
    system = {**info.fields, **every}
    cleaned.update(_clean_defaults(v.defaults(ctx, info, cleaned, system), system, cleaning))
    v.require(info, cleaned, every)
    for check in info.declared.checks:
        check(ctx, None, cleaned)
    _demand_free(ctx, info, None, cleaned)
    with unit_of_work(ctx) as unit:
        record = Maker(ctx, info, system).made(cleaned)
        record.save(force_insert=True)
        demand_reach(ctx, info, [record.pk], creating=True)
        diff = {k: (None, x) for k, x in cleaned.items() if not system[k].kind.blank(x)}
        _after(ctx, Written(info, record, "create", diff), unit.changes, system)
    return record


def _demand_free(ctx: Context, info: TypeInfo, record_id: UUID | None, values: Mapping[str, object]) -> None:
    """Raise Invalid when a value stands elsewhere that may stand once only."""
    for wrong in unique.taken(ctx, info, [(0, record_id, values)]).values():
        raise wrong


def _clean_defaults(found: dict[str, object], fields: Mapping[str, Field], cleaning: Cleaning) -> dict[str, object]:
    return {k: fields[k].kind.clean(x, cleaning) for k, x in found.items() if k in fields}


def write(
    ctx: Context, record: Record, given: Mapping[str, object], *, expected_version: int | None = None, verb: str = "edit"
) -> Record:
    """Change fields of a record. Raises Gone, Refused, Invalid, or Conflict when `expected_version` is older than
    what is stored and somebody else changed one of the same fields (different fields merge silently)."""
    info = registry.of(record)
    demand_write(ctx, info, record, verb)
    settable = v.settable_fields(ctx, info, creating=False)
    cleaned = v.clean_values(ctx, info, given, settable, ctx.cleaning())
    v.demand_kept(cleaned, settable)
    with unit_of_work(ctx) as unit:
        current = info.model.objects.filter(pk=record.pk, deleted_at=None).first()
        if current is None:
            raise Gone(_("This %(type)s was deleted meanwhile; what you typed is not lost, restore it from the bin.")
                       % {"type": info.label})
        v.follow_owner(ctx, info, current, cleaned)
        every = {**info.fields, **gate.custom_fields(ctx.workspace, info.key)}
        diff = diff_of(current, cleaned, every)
        if expected_version is not None and current.version != expected_version:
            _refuse_contested(ctx, info, current, diff, expected_version)
        for check in info.declared.checks:
            check(ctx, current, cleaned)
        diff = diff_of(current, cleaned, every)
        _demand_free(ctx, info, current.pk, {k: new for k, (_old, new) in diff.items()})
        _demand_verbs(ctx, info, current, v.verbs_of(diff, every))
        if diff:
            _save(ctx, info, current, {k: new for k, (_old, new) in diff.items()}, every)
            if not ctx.hands_over:
                demand_reach(ctx, info, [current.pk])
            _after(ctx, Written(info, current, "update", diff), unit.changes, every)
    _copy(current, record)
    return record


def delete(ctx: Context, record: Record, *, expected_version: int | None = None) -> None:
    """Put a record into the bin; `restore` brings it back as it was. Raises Gone or Refused."""
    info = registry.of(record)
    demand_write(ctx, info, record, "delete")
    _demand_not_kept(info, record)
    _bin(ctx, info, record, into=True)


def restore(ctx: Context, record: Record) -> None:
    """Take a record out of the bin. Whoever may delete it may restore it."""
    info = registry.of(record)
    demand_write(ctx, info, record, "delete")
    _bin(ctx, info, record, into=False)


def _demand_not_kept(info: TypeInfo, record: Record) -> None:
    """Refuse to delete what living records cannot be without (a stage with deals in it)."""
    for wrong in refuse_kept(info, [record.pk]).values():
        raise wrong


def refuse_kept(info: TypeInfo, ids: list[UUID]) -> dict[UUID, Refused]:
    """The refusal for each of these records that living ones cannot be without."""
    found: dict[UUID, Refused] = {}
    for relation in info.relations.values():
        field = relation.type.fields[relation.field]
        if not field.keeps:
            continue
        rows = relation.type.model.objects.filter(**{f"{field.path}__in": ids}, deleted_at=None)
        for pk in rows.values_list(field.path, flat=True).distinct():
            found[pk] = Refused(
                _("There are still %(plural)s with this %(type)s; give them another %(field)s first.")
                % {"plural": relation.type.plural, "type": info.label, "field": field.label},
                code="in_use",
            )
    return found


def _bin(ctx: Context, info: TypeInfo, record: Record, *, into: bool) -> None:
    at = v.now()
    with unit_of_work(ctx) as unit:
        rows = info.model.objects.filter(pk=record.pk, deleted_at__isnull=into)
        try:
            with transaction.atomic():
                changed = rows.update(deleted_at=at if into else None, version=models.F("version") + 1, updated_at=at)
        except IntegrityError:  # what may stand once was made again meanwhile
            raise Invalid(
                _("There is another %(type)s like this one by now; change or delete that one first.") % {"type": info.label},
                code="taken",
            ) from None
        if not changed:
            raise Gone(_("This %(type)s was already %(done)s.")
                       % {"type": info.label, "done": _("deleted") if into else _("restored")})
        current = info.model.objects.get(pk=record.pk)
        _after(ctx, Written(info, current, "delete" if into else "restore", {}), unit.changes, info.fields)
    _copy(current, record)


def demand_write(ctx: Context, info: TypeInfo, record: Record, verb: str) -> None:
    """Raise unless the viewer may do the verb to the record (inside an action: the action on its own subject)."""
    if record.workspace_id != ctx.workspace.pk:
        raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
    if ctx.may_write(record.pk):
        return
    if not gate.may(ctx, info, record, verb):
        if not gate.may(ctx, info, record, "view"):
            raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
        raise not_allowed(info, verb)


def _demand_verbs(ctx: Context, info: TypeInfo, record: Record, verbs: set[str]) -> None:
    """Raise Refused when a change needs further rights (to give a record away) that the viewer lacks for this record."""
    if ctx.viewer.is_system or ctx.may_write(record.pk):
        return
    for verb in sorted(verbs):
        if not gate.may(ctx, info, record, verb):
            raise not_allowed(info, verb)


def not_allowed(info: TypeInfo, verb: str) -> Refused:
    """The refusal for a record that is seen."""
    return Refused(
        _("You may see this %(type)s, but your role does not allow you to %(verb)s it.")
        % {"type": info.label, "verb": verb.replace("_", " ")}
    )


def demand_reach(ctx: Context, info: TypeInfo, ids: list[UUID], *, creating: bool = False) -> None:
    """Re-select what was just written in the viewer's scope; raise Refused (the transaction rolls back) if it left it."""
    if ctx.viewer.is_system:
        return
    verb = "create" if creating else "view"
    if gate.sees_all(ctx, info, verb):
        return
    if gate.visible(ctx, info, verb).filter(pk__in=ids).count() != len(ids):
        raise Refused(
            _("That would put the %(type)s outside of what your role may see. Keep the owner within your team.")
            % {"type": info.label},
            code="out_of_reach",
        )


def diff_of(current: Record, cleaned: Mapping[str, object], fields: Mapping[str, Field]) -> dict[str, tuple[object, object]]:
    found = {}
    for key, new in cleaned.items():
        old = v.read_value(current, fields[key])
        if fields[key].kind.blank(new):
            new = None
        if old != new:
            found[key] = (old, new)
    return found


def _save(ctx: Context, info: TypeInfo, current: Record, new: Mapping[str, object], fields: Mapping[str, Field]) -> None:
    """Compare-and-swap on the version: another process's commit in between makes this a conflict, never a lost update."""
    for key, value in new.items():
        v.set_value(current, fields[key], value)
    v.settle(ctx, info, current)
    was = current.version
    current.version, current.updated_at = was + 1, v.now()
    names = [f.attname for f in info.model._meta.concrete_fields if f.attname not in ("id", "workspace_id", "created_at")]
    columns = {name: getattr(current, name) for name in names}
    if not info.model.objects.filter(pk=current.pk, version=was).update(**columns):
        raise Conflict(_("Somebody saved this %(type)s at the same moment. Load it again and repeat your change.")
                       % {"type": info.label})


def _refuse_contested(
    ctx: Context, info: TypeInfo, current: Record, diff: Mapping[str, tuple[object, object]], expected: int
) -> None:
    """Raise Conflict when a field of this diff was changed by somebody since the version the writer had seen."""
    since = Change.objects.filter(
        workspace_id=ctx.workspace.pk, record_id=current.pk, version__gt=expected, verb__in=WRITES
    )
    before: dict[str, object] = {}
    for change in since.order_by("number"):
        for key, (old, _new) in change.diff.items():
            before.setdefault(key, old)
    contested = {}
    readable = gate.fields(ctx, info)
    for key, (theirs, yours) in diff.items():
        if key in before and key in readable:
            kind = readable[key].kind
            contested[key] = {"theirs": kind.to_json(theirs), "yours": kind.to_json(yours), "before": before[key]}
    if contested:
        labels = ", ".join(str(readable[k].label) for k in contested)
        raise Conflict(
            _("Somebody changed %(labels)s meanwhile. Compare both values and save again.") % {"labels": labels},
            fields=contested,
        )


def _after(ctx: Context, one: Written, log: list[NewChange], fields: Mapping[str, Field]) -> None:
    """Index, run the type's effects, and put the change into the unit."""
    if one.verb in ("create", "update"):
        conditions.demand(ctx, one)
    log += changes_of(ctx, [one], fields)
    run_indexers(ctx, [one])
    for effect in one.info.declared.effects:
        effect(ctx, [one])


def changes_of(ctx: Context, written: Sequence[Written], fields: Mapping[str, Field]) -> list[NewChange]:
    """The change rows of writes to one type, without their numbers (the unit of work gives them last)."""
    found = []
    shaped = {k: None if type(f.kind).to_json is Kind.to_json else f.kind.to_json for k, f in fields.items()}
    space, action, actor, name, at = ctx.workspace.pk, ctx.action, ctx.actor_id, ctx.actor_name, v.now()
    for one in written:
        diff = {}
        for key, (old, new) in one.diff.items():
            if (shape := shaped[key]) is None:
                diff[key] = [old, new]
            else:
                diff[key] = [shape(old) if old is not None else None, shape(new) if new is not None else None]
        record = one.record
        found.append(
            NewChange(
                new_id(), space, one.info.key, record.pk, record.version, one.verb, action, actor, name, ctx.surface,
                ctx.cause_id, at, diff,
            )
        )  # fmt: skip
    return found


def _copy(source: Record, target: Record) -> None:
    """Bring the caller's instance up to date."""
    if source is not target:
        for f in source._meta.concrete_fields:
            setattr(target, f.attname, getattr(source, f.attname))
        target._state.fields_cache.clear()
