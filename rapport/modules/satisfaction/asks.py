"""Asks: put down once per person and occasion, sent at most once, answered for a while. The only file that writes them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.rating.desk import Rest
from rapport.kernel.access.current import unscoped
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Invalid
from rapport.modules.customers.models import Customer
from rapport.modules.satisfaction.deciding import why_not
from rapport.modules.satisfaction.models import Survey, SurveyAnswer, SurveyAsk, SurveyRest, SurveyRound
from rapport.modules.service.models import Ticket

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context

#: So long the link in a mail is good; nobody remembers a ticket longer.
ANSWER_WITHIN = dt.timedelta(days=30)
_TRIES, _AGAIN = 5, dt.timedelta(hours=1)
_LONGEST_TOKEN = 64
_MOST_DAYS = 3650


def put(
    ctx: Context, survey: Survey, person_id: UUID | None, occasion: str, due_at: dt.datetime, *, customer_id: UUID | None = None,
    ticket: Ticket | None = None, why: str = "", at_once: bool = False,
) -> bool:  # fmt: skip
    """Put one down; False when there is one for this person and occasion. One that was dropped because its ticket was opened
    again waits anew when the ticket is solved again. `at_once`: somebody wants it now, also what waits or was not asked."""
    rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, survey_id=survey.pk, occasion=occasion, person_id=person_id)
    dropped = rows.filter(state="not_asked") if at_once else rows.filter(state="not_asked", why="reopened")
    if at_once and rows.filter(state="waiting").update(due_at=due_at):
        return True
    if dropped.update(state="waiting", why="", due_at=due_at):
        return True
    if ticket is not None:  # solved once more before its time had come: it waits from then
        rows.filter(state="waiting", tries=0, due_at__lt=due_at).update(due_at=due_at)
    state = {"state": "not_asked", "why": why} if why else {}
    made = SurveyAsk(
        workspace_id=ctx.workspace.pk, survey_id=survey.pk, person_id=person_id, customer_id=customer_id,
        ticket_id=ticket.pk if ticket else None, occasion=occasion, due_at=due_at, **state,
    )  # fmt: skip
    SurveyAsk.objects.bulk_create([made], ignore_conflicts=True)
    return SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, pk=made.pk).exists()


def due(workspace: Workspace, most: int) -> Sequence[UUID]:
    """Asks whose time has come, the oldest first, by the index of states."""
    rows = SurveyAsk.objects.filter(workspace_id=workspace.pk, state="waiting", due_at__lte=dt.datetime.now(dt.UTC))
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:most])


def claim(ctx: Context, ask_id: UUID) -> tuple[SurveyAsk, Survey, Customer, str] | None:
    """Decide, and mark as sent together with the rating that waits for its answer: one transaction, before the mail goes. Who
    is killed in between has mailed at most once. Returns the new token too; only its hash is stored."""
    with unit_of_work(ctx):
        rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, pk=ask_id)
        ask = rows.select_for_update().filter(state="waiting", due_at__lte=ctx.format.now).first()
        survey = Survey.objects.filter(workspace_id=ctx.workspace.pk, pk=ask.survey_id).first() if ask else None
        if ask is None or survey is None:
            return None
        # Held, so that two questions to one person do not both find them rested.
        people = Customer.objects.select_for_update().filter(workspace_id=ctx.workspace.pk, pk=ask.person_id)
        person = people.first() if ask.person_id else None
        ticket = Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk=ask.ticket_id).first() if ask.ticket_id else None
        why = why_not(ctx, survey, person, ticket, but=ask.answer_id)
        if why or person is None:
            rows.update(state="not_asked", why=why)
            return None
        token = secrets.token_urlsafe(24)
        ask.answer_id = ask.answer_id or _begin(ctx, ask, survey, person, ticket)
        ask.state, ask.sent_at, ask.tries = "sent", ctx.format.now, ask.tries + 1
        rows.update(
            state="sent", sent_at=ask.sent_at, tries=ask.tries, token_hash=_hash(token), answer_id=ask.answer_id,
        )  # fmt: skip
        return ask, survey, person, token


def _begin(ctx: Context, ask: SurveyAsk, survey: Survey, person: Customer, ticket: Ticket | None) -> UUID:
    """The rating as it waits: whose the ticket or customer is now stays with it."""
    about = ticket if ticket is not None else person
    given = {"customer": ask.customer_id, "ticket": ticket.pk if ticket else None}
    made = ctx.create(
        "survey_answer", survey=survey.pk, person=person.pk, owner=about.owner_id, team=about.team_id, asked_at=ctx.format.now,
        **{key: value for key, value in given.items() if value is not None},
    )  # fmt: skip
    return made.pk


def returned(ctx: Context, ask_id: UUID) -> None:
    """The mail server did not take it: tried again in an hour, five times at most; then it was not asked."""
    with unit_of_work(ctx):
        rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, pk=ask_id, state="sent")
        ask = rows.select_for_update().first()
        if ask is None:
            return
        if ask.tries < _TRIES:
            rows.update(state="waiting", sent_at=None, token_hash=None, due_at=ctx.format.now + _AGAIN)
            return
        rows.update(state="not_asked", why="mail", sent_at=None, token_hash=None, answer_id=None)
        answer = SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, pk=ask.answer_id, deleted_at=None).first()
        if answer is not None:
            ctx.delete(answer)


def find(token: str) -> SurveyAsk | None:
    """The ask behind a token: the one question asked outside of any workspace."""
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        return None
    with unscoped("the workspace of a rating is known by its address only"):
        rows = SurveyAsk.objects.select_related("workspace").filter(token_hash=_hash(token))
        return rows.filter(state__in=("sent", "answered", "expired")).first()


def answered(ctx: Context, ask: SurveyAsk, answer_id: UUID) -> None:
    """Note that it was answered, and by which rating."""
    SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, pk=ask.pk).update(state="answered", answer_id=answer_id)


def answered_otherwise(ctx: Context, answer: SurveyAnswer) -> None:
    """A rating came in by phone or portal: what still waits about the same ticket needs not be asked any more."""
    rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, survey_id=answer.survey_id, state="waiting")
    if answer.ticket_id is not None:
        rows.filter(ticket_id=answer.ticket_id).update(state="not_asked", why="answered")


def open_ask(ctx: Context, survey: Survey, ticket: Ticket) -> SurveyAsk | None:
    """The question that was sent about a ticket and has a rating waiting for its answer."""
    rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, survey_id=survey.pk)
    return rows.filter(state__in=("sent", "answered"), answer__isnull=False).order_by("-sent_at").first()


def expire(ctx: Context) -> int:
    """What nobody answered in time is closed."""
    rows = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, state="sent", due_at__lt=ctx.format.now - ANSWER_WITHIN)
    return rows.filter(sent_at__lt=ctx.format.now - ANSWER_WITHIN).update(state="expired")


def round_of(ctx: Context, survey: Survey, period: int) -> SurveyRound:
    """How far this period's round has come."""
    SurveyRound.objects.bulk_create(
        [SurveyRound(workspace_id=ctx.workspace.pk, survey_id=survey.pk, period=period)], ignore_conflicts=True
    )
    rows = SurveyRound.objects.select_for_update().filter(workspace_id=ctx.workspace.pk)
    return rows.get(survey_id=survey.pk, period=period)


def round_came(ctx: Context, one: SurveyRound, after_id: UUID | None) -> None:
    """Note how far it came; None: it is done."""
    rows = SurveyRound.objects.filter(workspace_id=ctx.workspace.pk, pk=one.pk)
    rows.update(**({"is_done": True} if after_id is None else {"after_id": after_id}))


def set_rest(ctx: Context, rest: Rest) -> None:
    """Set how long one person is left in peace."""
    if not (1 <= rest.days <= _MOST_DAYS and 1 <= rest.nps_days <= _MOST_DAYS):
        raise Invalid(_("Write a number of days from 1 to %(most)d.") % {"most": _MOST_DAYS}, field="days")
    SurveyRest.objects.bulk_create([SurveyRest(workspace_id=ctx.workspace.pk)], ignore_conflicts=True)
    SurveyRest.objects.filter(workspace_id=ctx.workspace.pk).update(days=rest.days, nps_days=rest.nps_days)


def _hash(token: str) -> str:
    return hashlib.sha256(f"rating:{token}".encode()).hexdigest()
