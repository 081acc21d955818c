"""What a follow-up rule means: who may make one, what makes it right, and from when it counts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.followups.indexing import READING, field_of, index_all_moments, is_ready, needs_keys
from rapport.engines.followups.models import FollowUpRule, FollowUpState
from rapport.engines.followups.plan import check_work, plan_of
from rapport.engines.followups.preview import MOST_AT_ONCE, foresee
from rapport.engines.followups.running import RULE_FIELDS, in_workspace_zone
from rapport.kernel.access.chart import chart_of
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.kernel.records_own import raise_schema_version

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: What decides which occasions there are: when it changes, the rule counts from that moment on.
_MEANING = ("on_type", "mode", "moment", "amount", "unit", "side", "matching")
#: Furthest back a rule may reach when it is switched on.
MOST_BACK = 365


def check_rule(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A rule holds for whoever says what it does, and runs with their rights from then on."""
    if record is not None and not set(values) & {*RULE_FIELDS, "note", "person", "is_active", "also_days"}:
        return

    def wanted(key: str) -> object:
        fallback = (
            FollowUpRule._meta.get_field(key).get_default()
            if record is None
            else getattr(record, "person_id" if key == "person" else key)
        )
        return values.get(key, fallback)

    given = {key: wanted(key) for key in (*RULE_FIELDS, "person", "also_days", "is_active")}
    plan = plan_of(ctx, given)
    check_work(ctx, given)
    person = given["person"] if given["give_to"] == "person" else None
    seat = chart_of(ctx.workspace).seats.get(person)  # type: ignore[arg-type]
    if person is not None and (seat is None or not seat.is_active):
        raise Invalid(_t("There is no active person of that name; choose another."), field="person")
    also = given["also_days"] or 0
    if not isinstance(also, int) or also > MOST_BACK:
        raise Invalid(_t("A rule reaches back %(most)d days at most.") % {"most": MOST_BACK}, field="also_days")
    if also and given["is_active"] and (starts_anew(record, values) or _takes_over(ctx, record)):
        if not is_ready(ctx.workspace, plan.info.key, plan.field, plan.mode):
            raise Invalid(
                _t("These dates have to be read first: save the rule with 0 days here, and ask for them when it has run."),
                field="also_days",
            )
        found = foresee(in_workspace_zone(ctx), plan, also)
        if found.count > MOST_AT_ONCE:
            raise Invalid(
                _t("That would make more than %(most)d tasks at once; take fewer days or narrow it.") % {"most": MOST_AT_ONCE},
                field="also_days",
            )
    if not ctx.viewer.is_system:
        values["runs_as"] = ctx.viewer.user_id


def _takes_over(ctx: Context, record: Record | None) -> bool:
    """Whether somebody else than before says what the rule does: they may see more, so it counts anew."""
    return record is not None and not ctx.viewer.is_system and record.runs_as_id != ctx.viewer.user_id  # type: ignore[attr-defined]


def starts_anew(record: Record | None, values: dict[str, object]) -> bool:
    """Whether a write makes the rule count from now: it is new, switched on, or means something else."""
    if record is None or (values.get("is_active") and not record.is_active):  # type: ignore[attr-defined]
        return True
    return any(key in values and values[key] != getattr(record, key) for key in (*_MEANING, "also_days"))


def set_going(ctx: Context, written: list[Written]) -> None:
    """Put the start of new and changed rules down; their occasions are those after it."""
    for one in written:
        rule = one.record
        assert isinstance(rule, FollowUpRule)
        if one.verb == "restore" or one.verb == "create" or one.changed(*_MEANING, "is_active", "also_days", "runs_as"):
            now = ctx.format.now
            also = rule.also_days if one.verb != "restore" else 0
            starts = now - dt.timedelta(days=also)
            begun = {"starts_at": starts, "reached_at": starts}
            if not FollowUpState.objects.filter(workspace_id=ctx.workspace.pk, rule_id=rule.pk).update(**begun):
                FollowUpState.objects.create(workspace_id=ctx.workspace.pk, rule_id=rule.pk, **begun)
    if any(one.verb != "update" or one.changed("on_type", "moment", "mode") for one in written):
        raise_schema_version(ctx, written)
        for one in written:
            _index_later(ctx, one.record)  # type: ignore[arg-type]


def _index_later(ctx: Context, rule: FollowUpRule) -> None:
    field = field_of(ctx.workspace, rule.on_type, rule.moment)
    if rule.deleted_at is None and field is not None and needs_keys(rule.on_type, field, rule.mode):
        mode = "yearly" if rule.mode == "yearly" else "after"
        FollowUpState.objects.filter(workspace_id=ctx.workspace.pk, rule_id=rule.pk).update(problem=READING)
        enqueue(index_all_moments, workspace=ctx.workspace, on_type=rule.on_type, moment=rule.moment, mode=mode)


@record_type
class FollowUpRuleType(RecordType):
    """So long after a date of a record, or after nothing happened, it puts a task down for somebody."""

    model, key, title = FollowUpRule, "follow_up_rule", "name"
    search = ["name"]
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True), "runs_as": Use(readonly=True),
    }  # fmt: skip
    list_columns = ["name", "on_type", "mode", "moment", "amount", "unit", "subject", "is_active"]
    page = [
        Section(_("When"), "name", "on_type", "mode", "moment", "amount", "unit", "side", "matching"),
        Section(_("The task"), "subject", "kind", "due_days", "due_time", "note", "give_to", "person"),
        Section(_("State"), "is_active", "also_days", "runs_as"),
    ]
    grants = {"management": "*:all"}
    menu = ("settings", "repeat")
    checks = (check_rule,)
    effects = (set_going,)


__all__ = ["MOST_BACK", "FollowUpRuleType"]
