"""A rule read and found right for its runner: the type, the field, the condition. Raises Invalid for what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.followups.registry import the_work
from rapport.engines.followups.subject import check_subject
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Furthest a rule reaches, by unit: ten years each.
_MOST = {"hours": 87_600, "days": 3_650, "weeks": 520, "months": 120}


@dataclass(frozen=True)
class Plan:
    """What a rule watches, ready to be looked for."""

    info: TypeInfo
    mode: str
    field: Field
    #: Negative for "before".
    amount: int
    unit: str
    where: Node | None

    @property
    def is_indexed(self) -> bool:
        """Whether the field's own column has an index to walk (a creation is walked by the id)."""
        return self.mode != "yearly" and has_index(self.field)


def has_index(field: Field) -> bool:
    """Whether the records of a type can be walked in the order of this date."""
    return field.source == "column" and field.sort_path in (field.path, "id")


def moments_of(ctx: Context, info: TypeInfo) -> list[Field]:
    """The fields of a type that rules may count from: dates and times that the viewer may see."""
    return [f for f in gate.fields(ctx, info).values() if f.kind.key in ("date", "datetime") and f.source != "computed"]


def types_with_moments(ctx: Context) -> list[TypeInfo]:
    """The types rules may look at."""
    work = the_work()
    return [info for info in registry.all() if work.fits(info) and gate.allows(ctx, info, "view") and moments_of(ctx, info)]


def plan_of(ctx: Context, given: Mapping[str, object]) -> Plan:
    """The plan of a rule's values for the viewer of `ctx`. Raises Invalid with the field that is wrong."""
    on_type = str(given.get("on_type") or "")
    if on_type not in registry or not the_work().fits(registry.get(on_type)):
        raise Invalid(_("Rules cannot look at records of the type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    info = registry.get(on_type)
    if not gate.allows(ctx, info, "view"):
        raise Invalid(_("Your role does not let you see %(plural)s.") % {"plural": info.plural}, field="on_type")
    field = next((f for f in moments_of(ctx, info) if f.key == given.get("moment")), None)
    if field is None:
        able = ", ".join(f.key for f in moments_of(ctx, info))
        raise Invalid(_("Choose a date to count from: %(able)s.") % {"able": able}, field="moment")
    mode, unit, amount = str(given.get("mode")), str(given.get("unit")), given.get("amount")
    if unit not in _MOST or not isinstance(amount, int) or not 0 <= amount <= _MOST[unit]:
        raise Invalid(_("A rule reaches ten years at most."), field="amount")
    is_before = given.get("side") == "before"
    _check_mode(field, mode, unit, is_before=is_before)
    return Plan(info, mode, field, -amount if is_before else amount, unit, condition_of(ctx, info, given.get("matching")))


def _check_mode(field: Field, mode: str, unit: str, *, is_before: bool) -> None:
    if mode == "yearly" and (field.kind.key != "date" or unit == "hours"):
        raise Invalid(_("Every year works with a day, not with a time; choose a date and count in days."), field="moment")
    if mode == "quiet" and is_before:
        raise Invalid(_("Silence is counted from a moment on; choose “after”."), field="side")
    if mode == "quiet" and not has_index(field):
        raise Invalid(_("Silence can be counted from dates that lists may be sorted by; choose another one."), field="moment")


def condition_of(ctx: Context, info: TypeInfo, text: object) -> Node | None:
    """The condition of a rule; raises Invalid naming the field "matching"."""
    if not text:
        return None
    try:
        node = parse(str(text))
        compile_filter(ctx, info, node)
    except Invalid as wrong:
        raise Invalid(wrong.sentence, field="matching") from wrong
    return node


def check_work(ctx: Context, given: Mapping[str, object]) -> None:
    """Whether the task itself is right: subject, kind, whom it goes to, and that the maker may make tasks."""
    work = registry.get(the_work().type)
    if not gate.allows(ctx, work, "create"):
        raise Refused(
            _("Your role does not allow you to add %(plural)s, so a rule of yours could not.") % {"plural": work.plural}
        )
    check_subject(str(given.get("subject") or ""))
    kinds = kinds_of_work()
    if given.get("kind") and given["kind"] not in kinds:
        raise Invalid(_("The kind can be: %(able)s.") % {"able": ", ".join(kinds)}, field="kind")
    if given.get("give_to") == "person" and given.get("person") is None:
        raise Invalid(_("Say who gets the task."), field="person")
    days, time = given.get("due_days"), given.get("due_time")
    if not isinstance(days, int) or days > _MOST["days"]:
        raise Invalid(_("A rule reaches ten years at most."), field="due_days")
    if time is not None and not isinstance(time, dt.time):
        raise Invalid(_("Write a time such as 9:30."), field="due_time")


def kinds_of_work() -> dict[str, object]:
    """Key and label of the kinds of task."""
    field = registry.get(the_work().type).fields[the_work().kind]
    return dict(getattr(getattr(field.kind, "choices", None), "pairs", {}))
