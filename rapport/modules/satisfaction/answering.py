"""Taking an answer, wherever it comes from: a link in a mail, the phone, a portal. Nothing here knows of mail or HTTP."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Invalid
from rapport.modules.satisfaction.asks import answered, answered_otherwise, open_ask
from rapport.modules.satisfaction.deciding import has_refused
from rapport.modules.satisfaction.models import Survey, SurveyAnswer, SurveyAsk
from rapport.modules.service.models import Ticket

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: So long an answer may be changed by whoever gave it.
CHANGE_WITHIN = dt.timedelta(days=7)


def answer(
    ctx: Context, about: SurveyAsk | Ticket, score: int, comment: str = "", channel: str = "portal", *,
    survey: Survey | None = None,
) -> SurveyAnswer:  # fmt: skip
    """Record what was answered to a question that was sent, or about a ticket nobody was asked about yet; given again within
    seven days it changes the answer. Raises Invalid with a sentence. Call it with rights of the system: whoever answers has none.

    For a ticket the survey is the one given, or the first active one that asks after tickets.
    """
    with unit_of_work(ctx):
        if isinstance(about, SurveyAsk):
            return _answer_ask(ctx, about, score, comment, channel)
        wanted = survey or ticket_survey(ctx, about)
        if wanted is None:
            raise Invalid(_("No survey is switched on that asks after tickets."), code="off")
        ask = open_ask(ctx, wanted, about)
        if ask is not None:
            return _answer_ask(ctx, ask, score, comment, channel)
        rows = SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=about.pk, deleted_at=None)
        there = rows.filter(survey_id=wanted.pk).order_by("-asked_at").first()
        if there is not None:
            return _write(ctx, there, score, comment, channel)
        return note(ctx, wanted, score, comment, channel, ticket=about)


def ticket_survey(ctx: Context, ticket: Ticket) -> Survey | None:
    """The active survey that asks after tickets of this queue; one for this queue before one for all."""
    rows = Survey.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, is_active=True, asks="ticket")
    found = [one for one in rows.order_by("pk") if one.queue_id in (None, ticket.queue_id)]
    return min(found, key=lambda one: (one.queue_id is None, one.kind != "csat", one.pk), default=None)


def note(
    ctx: Context, survey: Survey, score: int, comment: str, channel: str, *, ticket: Ticket | None = None,
    person_id: UUID | None = None, customer_id: UUID | None = None, owner_id: UUID | None = None, team_id: UUID | None = None,
) -> SurveyAnswer:  # fmt: skip
    """A new rating that no mail asked for. Being asked on the phone counts as being asked."""
    given = {
        "survey": survey.pk, "score": score, "comment": comment, "channel": channel, "asked_at": ctx.format.now,
        "ticket": ticket.pk if ticket else None, "person": person_id, "customer": customer_id,
        "owner": owner_id or (ticket.owner_id if ticket else None), "team": team_id or (ticket.team_id if ticket else None),
    }  # fmt: skip
    made = ctx.create("survey_answer", **{key: value for key, value in given.items() if value is not None})
    assert isinstance(made, SurveyAnswer)
    answered_otherwise(ctx, made)
    return made


def _answer_ask(ctx: Context, about: SurveyAsk, score: int, comment: str, channel: str) -> SurveyAnswer:
    ask = SurveyAsk.objects.select_for_update().filter(workspace_id=ctx.workspace.pk, pk=about.pk).first()
    rows = SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None)
    there = rows.filter(pk=ask.answer_id).first() if ask is not None and ask.answer_id else None
    if ask is None or there is None or ask.state not in ("sent", "answered"):
        raise Invalid(_("It is too late to answer this question."), code="too_late")
    done = _write(ctx, there, score, comment, channel)
    answered(ctx, ask, done.pk)
    return done


def _write(ctx: Context, there: SurveyAnswer, score: int, comment: str, channel: str) -> SurveyAnswer:
    if may_change(ctx, there.answered_at):
        values: dict[str, object] = {"score": score, "comment": comment}
        if there.answered_at is None:
            values |= {"answered_at": ctx.format.now, "channel": channel}
        done = ctx.write(there, **values)
        assert isinstance(done, SurveyAnswer)
        return done
    raise Invalid(_("An answer can be changed for seven days; these are over."), code="too_late")


def may_change(ctx: Context, answered_at: dt.datetime | None) -> bool:
    """Whether an answer is open still."""
    return answered_at is None or ctx.format.now - answered_at <= CHANGE_WITHIN


def refuse(ctx: Context, person_id: UUID, source: str) -> None:
    """No more surveys for a person: an event of consent, so that it stands on their page and can be taken back there."""
    with unit_of_work(ctx):
        if not has_refused(ctx, person_id):
            ctx.create(
                "consent", customer=person_id, purpose="surveys", channel="any", answer="withdrawn", source=source,
                happened_at=ctx.format.now,
            )  # fmt: skip
