"""Running actions on one record or many: the right, the condition, the inputs, one transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action, actions_of
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Gone, Invalid, RapportError, Refused
from rapport.kernel.format import capital
from rapport.kernel.query.compile import matches
from rapport.kernel.query.text import parse
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class BulkResult:
    """What an action did to many records."""

    done: list[UUID] = field(default_factory=list)
    errors: dict[UUID, str] = field(default_factory=dict)
    #: How many of the errors are a missing right, or a record that is not there for this viewer.
    refused: int = 0


def find_action(info: TypeInfo, key: str) -> Action:
    """The action of a type; raises Gone for an unknown one."""
    found = actions_of(info.key).get(key)
    if found is None:
        raise Gone(_("%(type)s has no action “%(key)s”.") % {"type": info.label, "key": key[:40]}, code="unknown_action")
    return found


def offered(ctx: Context, info: TypeInfo, record: Record) -> list[Action]:
    """The actions whose right and condition this record meets for this viewer (one query per distinct condition)."""
    met: dict[str, bool] = {"": True}
    found = []
    for one in actions_of(info.key).values():
        if not gate.may(ctx, info, record, one.key):
            continue
        if one.when not in met:
            met[one.when] = matches(ctx.as_system("condition"), info, record.pk, parse(one.when))
        if met[one.when]:
            found.append(one)
    return found


def run_action(ctx: Context, record: Record, key: str, given: Mapping[str, object]) -> object:
    """Run one action. Raises Gone, Refused, Invalid; whatever it wrote is undone when it raises."""
    info = registry.of(record)
    one = find_action(info, key)
    if not gate.may(ctx, info, record, key):
        raise Refused(
            _("Your role does not allow “%(action)s” on this %(type)s.") % {"action": one.label, "type": info.label}
        )
    inputs = clean_inputs(ctx, one, given)
    acting = ctx.acting(key, [record.pk], hands_over=one.hands_over)
    with unit_of_work(acting):
        _hold(info, record)
        if one.when and not matches(ctx.as_system("condition"), info, record.pk, parse(one.when)):
            raise Invalid(
                _("“%(action)s” is not possible now: this %(type)s is no longer in the right state.")
                % {"action": one.label, "type": info.label},
                code="not_now",
            )
        return one.run(acting, record, **inputs)


def _hold(info: TypeInfo, record: Record) -> None:
    """Take the record as it stands now and keep others off it until the end, so that an action runs once.

    On PostgreSQL by the row's lock; on SQLite the IMMEDIATE transaction that is open has all other writers waiting.
    """
    current = info.model.objects.select_for_update().filter(pk=record.pk, deleted_at=None).first()
    if current is None:
        raise Gone(_("This %(type)s was deleted meanwhile.") % {"type": info.label})
    for f in current._meta.concrete_fields:
        setattr(record, f.attname, getattr(current, f.attname))


def run_bulk(ctx: Context, info: TypeInfo, ids: Sequence[UUID], key: str, given: Mapping[str, object]) -> BulkResult:
    """Run an action on many records, each in its own transaction; what fails is told and the rest is done."""
    result = BulkResult()
    for record_id in ids:
        try:
            run_action(ctx, gate.get(ctx, info, record_id), key, given)
            result.done.append(record_id)
        except RapportError as wrong:
            result.errors[record_id] = wrong.sentence
            result.refused += isinstance(wrong, (Refused, Gone))
    return result


def clean_inputs(ctx: Context, one: Action, given: Mapping[str, object]) -> dict[str, object]:
    """Cleaned inputs by name; raises Invalid with a sentence per input, also for inputs that do not exist."""
    fields = one.fields()
    errors: dict[str, object] = {
        key: _("“%(action)s” has no input “%(key)s”.") % {"action": one.label, "key": key[:60]}
        for key in given
        if key not in fields
    }
    cleaned: dict[str, object] = {}
    cleaning = ctx.cleaning()
    for name, f in fields.items():
        try:
            value = f.kind.clean(given.get(name, f.default), cleaning)
        except Invalid as wrong:
            errors[name] = wrong.sentence
            continue
        if f.required and f.kind.blank(value):
            errors[name] = _("%(label)s is needed.") % {"label": capital(f.label)}
        cleaned[name] = value
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    return cleaned
