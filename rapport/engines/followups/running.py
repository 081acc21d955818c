"""The scheduled run of every active rule, with the rights of whoever made it, from where it came to last."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.db.models import F

from rapport.engines.followups.finding import due
from rapport.engines.followups.indexing import READING
from rapport.engines.followups.making import make
from rapport.engines.followups.models import FollowUpRule, FollowUpState
from rapport.engines.followups.plan import Plan, plan_of
from rapport.engines.followups.registry import the_work
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.context import Context, context_for, system_context
from rapport.kernel.errors import RapportError
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.records.registry import registry

log = logging.getLogger("rapport.followups")
#: How often rules are looked at; hours are counted to the next of these turns.
EVERY_SECONDS = 300
RULE_FIELDS = (
    "on_type", "mode", "moment", "amount", "unit", "side", "matching", "subject", "kind", "due_days", "due_time", "give_to",
)  # fmt: skip


@every(seconds=EVERY_SECONDS)
@job(max_attempts=1, name="followups.run_all")
def run_all_rules(job_ctx: JobContext) -> int:
    """Enqueue a job for every workspace that has an active rule."""
    found = 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            if FollowUpRule.objects.filter(workspace_id=workspace.pk, deleted_at=None, is_active=True).exists():
                enqueue(run_rules, workspace=workspace)
                found += 1
    return found


@job(max_attempts=3, name="followups.run")
def run_rules(job_ctx: JobContext) -> dict[str, int]:
    """Run the rules of one workspace; one that fails holds up no other, and is tried again at the next turn."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    made = 0
    with use_workspace(workspace):
        rules = FollowUpRule.objects.filter(workspace_id=workspace.pk, deleted_at=None, is_active=True)
        for pk in list(rules.order_by("pk").values_list("pk", flat=True)):
            try:
                made += run_rule(workspace, pk, stop=lambda: job_ctx.should_stop)
            except RapportError:
                log.exception("The follow-up rule %s failed; it is tried again at the next turn.", pk)
            job_ctx.progress(made)
            if job_ctx.should_stop:
                break
    return {"made": made}


def run_rule(workspace: Workspace, rule_id: UUID, *, now: dt.datetime | None = None, stop: Callable[[], bool] = bool) -> int:
    """Make what is due for one rule; returns how many tasks. Killed at any moment, the next run goes on without a gap and
    makes nothing twice."""
    rule = FollowUpRule.objects.filter(workspace_id=workspace.pk, pk=rule_id, deleted_at=None, is_active=True).first()
    states = FollowUpState.objects.filter(workspace_id=workspace.pk, rule_id=rule_id)
    state = states.first()
    if rule is None or state is None or state.problem == READING:
        return 0
    ctx = runner_of(workspace, rule, now)
    try:
        problem = "" if ctx is not None and gate.allows(ctx, registry.get(the_work().type), "create") else "nobody"
        plan = plan_of(ctx, values_of(rule)) if ctx is not None and not problem else None
    except RapportError:
        problem, plan = "broken", None
    if ctx is None or plan is None:
        states.update(problem=problem or "broken")
        return 0
    now = now or ctx.format.now
    made = left_out = 0
    for batch in due(ctx, plan, starts=state.starts_at, reached=state.reached_at, now=now):
        result = make(ctx, rule, plan, batch)
        made, left_out = made + result.made, left_out + result.left_out
        if stop():
            now = state.reached_at  # cut short: the next run begins where this one did, and finds these made
            break
    # On the condition that nobody set the rule up anew meanwhile: that would have moved its start.
    states.filter(starts_at=state.starts_at).update(
        reached_at=max(now, state.reached_at), ran_at=dt.datetime.now(dt.UTC), made_last=made,
        made_total=F("made_total") + made, left_out=F("left_out") + left_out, problem="",
    )  # fmt: skip
    return made


def runner_of(workspace: Workspace, rule: FollowUpRule, now: dt.datetime | None = None) -> Context | None:
    """The context a rule runs in: the rights of whoever made it, the zone of the workspace. None when they have left."""
    user = User.objects.select_related("role").filter(workspace_id=workspace.pk, pk=rule.runs_as_id).first()
    if user is None or not user.is_active or user.deleted_at is not None or user.role is None:
        return None
    ctx = in_workspace_zone(context_for(user, "rule", workspace=workspace))
    return ctx if now is None else replace(ctx, format=replace(ctx.format, now=now))


def in_workspace_zone(ctx: Context) -> Context:
    """The same person counting days as the workspace does, wherever they are."""
    zone = system_context(ctx.workspace, "follow-up rule").format.zone
    return replace(ctx, format=replace(ctx.format, zone=zone), memory={})


def values_of(rule: FollowUpRule) -> dict[str, object]:
    """What a rule says, by field key."""
    return {**{key: getattr(rule, key) for key in RULE_FIELDS}, "person": rule.person_id}


def find_plan(ctx: Context, rule: FollowUpRule) -> Plan | None:
    """The plan of a rule for a viewer; None when the rule does not hold for them."""
    try:
        return plan_of(ctx, values_of(rule))
    except RapportError:
        return None
