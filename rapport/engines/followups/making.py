"""Putting the tasks down: each occasion once, in one transaction with the note that it is dealt with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.followups.finding import Due
from rapport.engines.followups.models import FollowUpMade, FollowUpRule, FollowUpState
from rapport.engines.followups.plan import Plan
from rapport.engines.followups.registry import the_work
from rapport.engines.followups.subject import filled
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.access.chart import Chart, chart_of
from rapport.kernel.access.models import User
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context, context_for

if TYPE_CHECKING:
    from rapport.kernel.records.registry import TypeInfo

_COLUMNS = ("workspace_id", "rule_id", "record_id", "occasion", "made_id", "made_at")
#: What the change log calls writes of rules.
SURFACE = "rule"


@dataclass(frozen=True)
class Made:
    """What became of a batch."""

    made: int
    left_out: int


def make(ctx: Context, rule: FollowUpRule, plan: Plan, dues: Sequence[Due]) -> Made:
    """Make the tasks of a batch that are not made yet. `ctx` is the runner's; whoever would get a task must see the
    record themselves, or it is left out."""
    once = {(one.row.id, one.occasion.key): one for one in dues}
    if not once:
        return Made(0, 0)
    with unit_of_work(ctx):
        # One run at a time per rule: a second one waits here and then finds everything made.
        FollowUpState.objects.select_for_update().filter(workspace_id=ctx.workspace.pk, rule_id=rule.pk).first()
        # Switched off or changed while this run went on: what it says now is for the next run.
        if not FollowUpRule.objects.filter(workspace_id=ctx.workspace.pk, pk=rule.pk, version=rule.version).exists():
            return Made(0, 0)
        there = FollowUpMade.objects.filter(
            workspace_id=ctx.workspace.pk, rule_id=rule.pk, record_id__in=[pk for pk, _key in once]
        )
        for pair in there.values_list("record_id", "occasion"):
            once.pop(pair, None)
        wanted = with_receivers(ctx, rule, plan.info, list(once.values()))
        rows = [_values(ctx, rule, plan, one, who) for one, who in wanted]
        system = replace(
            ctx.as_system("follow-up rule"), action="", surface=SURFACE, actor_id=None, actor_name=rule.name, cause_id=rule.pk
        )
        result = system.create_many(the_work().type, rows)
        made = {(wanted[n][0].row.id, wanted[n][0].occasion.key): pk for n, pk in result.ids.items()}
        at = dt.datetime.now(dt.UTC)
        insert_rows(FollowUpMade, _COLUMNS, [(ctx.workspace.pk, rule.pk, *pair, made.get(pair), at) for pair in once])
    return Made(len(result.ids), len(once) - len(result.ids))


def with_receivers(ctx: Context, rule: FollowUpRule, info: TypeInfo, dues: list[Due]) -> list[tuple[Due, UUID | None]]:
    """Each with the person who gets it (None: the team), without those who may not see the record."""
    chart = chart_of(ctx.workspace)
    wanted: dict[UUID | None, list[Due]] = {}
    for one in dues:
        wanted.setdefault(_receiver(chart, rule, one), []).append(one)
    found: list[tuple[Due, UUID | None]] = []
    people = {
        u.pk: u
        for u in User.objects.select_related("role").filter(workspace_id=ctx.workspace.pk, pk__in=[w for w in wanted if w])
    }
    for who, some in wanted.items():
        if who is None:
            found += [(one, None) for one in some]
        elif who == rule.runs_as_id:
            found += [(one, who) for one in some]  # what the runner sees was asked already
        elif who in people:
            theirs = context_for(people[who], SURFACE, workspace=ctx.workspace)
            seen = set(gate.visible(theirs, info).filter(pk__in=[one.row.id for one in some]).values_list("pk", flat=True))
            found += [(one, who) for one in some if one.row.id in seen]
    return found


def _receiver(chart: Chart, rule: FollowUpRule, one: Due) -> UUID | None:
    """Who gets the task: an owner who left is replaced by the next manager who is here, then by whoever made the rule."""
    if rule.give_to == "person":
        return rule.person_id
    if rule.give_to == "team" and one.row.values.get("team") is not None:
        return None
    owner = one.row.values.get("owner")
    owner = owner if isinstance(owner, UUID) else None
    line = chart.managers_of(owner)
    for who in line if rule.give_to == "manager" and line else [owner, *line]:
        if who in chart.seats and chart.seats[who].is_active:
            return who
    return rule.runs_as_id


def _values(ctx: Context, rule: FollowUpRule, plan: Plan, one: Due, who: UUID | None) -> dict[str, object]:
    work = the_work()
    found: dict[str, object] = {
        **work.extra, work.subject: subject_of(ctx, rule.subject, plan, one) or rule.name,
        work.due_on: ctx.format.today + dt.timedelta(days=rule.due_days), **work.links(plan.info, one.row.id, one.row.values),
    }  # fmt: skip
    more = {work.kind: rule.kind, work.due_time: rule.due_time, work.note: rule.note}
    found |= {key: value for key, value in more.items() if value not in ("", None)}
    if who is not None:
        return {**found, "owner": who}
    return {**found, "team": one.row.values["team"]}


def subject_of(ctx: Context, text: str, plan: Plan, one: Due) -> str:
    """The subject for one record. A title that not everybody who sees the record may read is left out."""
    title = plan.info.title_field
    name = str(one.row.values.get(title.key) or "") if not title.see else ""
    owner = one.row.values.get("owner")
    seat = chart_of(ctx.workspace).seats.get(owner) if isinstance(owner, UUID) else None
    since = one.row.values.get(plan.field.key)
    years = one.occasion.on.year - since.year if isinstance(since, dt.date) else 0
    day = shown_as.date(one.occasion.on, ctx.format)
    return filled(text, {"name": name, "owner": seat.name if seat else "", "date": day, "years": str(years)})
