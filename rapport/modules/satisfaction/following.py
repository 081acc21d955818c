"""What follows from a low score: one task, for whoever owns the ticket or customer, or who stands in for them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from rapport.kernel.access.models import Team, User
from rapport.modules.activities.models import Task
from rapport.modules.customers.models import Customer
from rapport.modules.satisfaction.models import Survey, SurveyAnswer
from rapport.modules.satisfaction.readers import take_answer
from rapport.modules.satisfaction.scales import SCALES
from rapport.modules.service.assigning import is_away
from rapport.modules.service.models import Queue, QueueMember, Ticket

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

#: What was answered longer ago when it is written down is no news (an import, a sample).
_NEWS = dt.timedelta(days=7)
#: So many at once are brought in from elsewhere.
_MOST = 20


def follow_up_low(ctx: Context, written: list[Written]) -> None:
    """A task for each low score, once; a comment that comes later is added to it (an effect)."""
    if len(written) > _MOST:
        return
    for one in written:
        answer = cast(SurveyAnswer, one.record)
        if answer.kind == "help":
            if one.verb in ("create", "update") and one.changed("score", "comment") and answer.score is not None:
                take_answer(ctx, Survey.objects.get(workspace_id=ctx.workspace.pk, pk=answer.survey_id), answer)
            continue
        if one.verb not in ("create", "update") or not one.changed("score", "comment") or not answer.is_low:
            continue
        if answer.follow_up_id is not None:
            _add_comment(ctx, answer)
        elif answer.answered_at is not None and ctx.format.now - answer.answered_at < _NEWS:
            _make_task(ctx, answer)


def _make_task(ctx: Context, answer: SurveyAnswer) -> None:
    survey = Survey.objects.get(workspace_id=ctx.workspace.pk, pk=answer.survey_id)
    ids = [one for one in (answer.person_id, answer.customer_id) if one is not None]
    names = dict(Customer.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids).values_list("pk", "name"))
    name = next((names[one] for one in ids if one in names), "")
    with translation.override(ctx.workspace.language):
        said = {"person": name or _("the customer"), "score": answer.score, "of": SCALES[survey.kind].last}
        subject = _("Call %(person)s: rated %(score)s of %(of)s") % said
    system = ctx.as_system("low score")
    task = system.create(
        "task", subject=subject[:200], kind="call", is_follow_up=True, note=answer.comment, owner=whose(ctx, survey, answer),
        customer=answer.customer_id or answer.person_id, due_on=ctx.format.today + dt.timedelta(days=survey.follow_up_days),
        about=("ticket", answer.ticket_id) if answer.ticket_id else ("survey_answer", answer.pk),
    )  # fmt: skip
    system.write(answer, follow_up=task.pk)


def _add_comment(ctx: Context, answer: SurveyAnswer) -> None:
    task = Task.objects.filter(workspace_id=ctx.workspace.pk, pk=answer.follow_up_id, state="open", deleted_at=None).first()
    if task is not None and answer.comment and answer.comment not in task.note:
        ctx.as_system("low score").write(task, note="\n\n".join(filter(None, (task.note, answer.comment))))


def whose(ctx: Context, survey: Survey, answer: SurveyAnswer) -> UUID | None:
    """Who gets the task: the person the survey names, or the owner of the ticket or customer as it is now; for one who is
    away or has left the lead of the queue, then the manager of their team, then whoever made the survey theirs."""
    space = ctx.workspace.pk
    owner = survey.follow_up_person_id if survey.follow_up_for == "person" else None
    queue = None
    if owner is None and answer.ticket_id is not None:
        ticket = Ticket.objects.filter(workspace_id=space, pk=answer.ticket_id).first()
        owner, queue = (ticket.owner_id, ticket.queue_id) if ticket is not None else (None, None)
    if owner is None and (who := answer.customer_id or answer.person_id) is not None:
        owner = Customer.objects.filter(workspace_id=space, pk=who).values_list("owner_id", flat=True).first()
    if owner is not None and is_there(ctx, owner):
        return owner
    stands_in = [
        Queue.objects.filter(workspace_id=space, pk=queue).values_list("lead_id", flat=True).first() if queue else None,
        _manager(ctx, owner) if owner is not None else None,
        survey.owner_id,
    ]
    return next((one for one in stands_in if one is not None and is_there(ctx, one)), owner)


def is_there(ctx: Context, user_id: UUID) -> bool:
    """Whether somebody works here and is away in none of their queues today."""
    if not User.objects.filter(workspace_id=ctx.workspace.pk, pk=user_id, is_active=True, deleted_at=None).exists():
        return False
    rows = QueueMember.objects.filter(workspace_id=ctx.workspace.pk, person_id=user_id, deleted_at=None)
    return not any(is_away(one, ctx.format.today) for one in rows)


def _manager(ctx: Context, user_id: UUID) -> UUID | None:
    team = User.objects.filter(workspace_id=ctx.workspace.pk, pk=user_id).values_list("team_id", flat=True).first()
    return Team.objects.filter(workspace_id=ctx.workspace.pk, pk=team).values_list("manager_id", flat=True).first()
