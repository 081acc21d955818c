"""What the surface asks of this module: letters on their way, the page behind a link, figures (engines/rating/desk.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.rating.desk import Asked, Desk, Letter, Rest, register_desk
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import system_context
from rapport.kernel.errors import Refused
from rapport.modules.customers.models import Customer
from rapport.modules.satisfaction import asks
from rapport.modules.satisfaction.answering import answer, may_change, refuse
from rapport.modules.satisfaction.deciding import address_of, has_refused, rest_of
from rapport.modules.satisfaction.figures import report
from rapport.modules.satisfaction.models import Survey, SurveyAnswer, SurveyAsk
from rapport.modules.satisfaction.scales import SCALES, wordings
from rapport.modules.service.models import Ticket

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context


def claim(workspace: Workspace, ask_id: UUID) -> Letter | None:
    """The letter of an ask that is sent now."""
    ctx = system_context(workspace, "survey")
    found = asks.claim(ctx, ask_id)
    if found is None:
        return None
    ask, survey, person, token = found
    return Letter(_asked(ctx, ask, survey, person), address_of(person), token)


def find(token: str) -> Asked | None:
    """The question behind a token, while its survey is switched on."""
    ask = asks.find(token)
    if ask is None:
        return None
    with use_workspace(ask.workspace_id):
        rows = Survey.objects.filter(workspace_id=ask.workspace_id, pk=ask.survey_id, is_active=True, deleted_at=None)
        survey, person = rows.first(), Customer.objects.filter(pk=ask.person_id, deleted_at=None).first()
        if survey is None or person is None:
            return None
        return _asked(system_context(ask.workspace, "rating"), ask, survey, person)


def _asked(ctx: Context, ask: SurveyAsk, survey: Survey, person: Customer) -> Asked:
    space = ctx.workspace.pk
    language = language_of(person, ctx.workspace)
    scale = SCALES[survey.kind]
    rating = SurveyAnswer.objects.filter(workspace_id=space, pk=ask.answer_id, deleted_at=None).first() if ask.answer_id else None
    ticket = Ticket.objects.filter(workspace_id=space, pk=ask.ticket_id).first() if ask.ticket_id else None
    typed = wordings(survey.wordings)
    with translation.override(language):
        question = typed.get(language) or typed.get(language.partition("-")[0]) or survey.question or str(scale.question)
        low, high = str(scale.low_words), str(scale.high_words)
    return Asked(
        ask=ask.pk, workspace=ctx.workspace, company=ctx.workspace.name, language=language, question=question,
        about=ticket.subject if ticket is not None else "", scores=range(scale.first, scale.last + 1), low_words=low,
        high_words=high, score=rating.score if rating else None, comment=rating.comment if rating else "",
        is_too_late=rating is None or ask.state == "expired" or not may_change(ctx, rating.answered_at),
        is_refused=has_refused(ctx, person.pk), is_yes_or_no=survey.kind == "help",
    )  # fmt: skip


def language_of(person: Customer, workspace: Workspace) -> str:
    """The language of a person if Rapport speaks it, else that of the company."""
    for one in (person.language, workspace.language):
        if one and translation.check_for_language(one):
            return str(one)
    return settings.LANGUAGE_CODE


def rate(asked: Asked, score: int, comment: str, channel: str) -> None:
    """Record or change an answer."""
    ctx = system_context(asked.workspace, "rating")
    answer(ctx, SurveyAsk.objects.get(workspace_id=asked.workspace.pk, pk=asked.ask), score, comment, channel)


def refuse_more(asked: Asked) -> None:
    """Whoever was asked does not wish to be asked again."""
    ctx = system_context(asked.workspace, "rating")
    person = SurveyAsk.objects.filter(workspace_id=asked.workspace.pk, pk=asked.ask).values_list("person_id", flat=True).get()
    with translation.override(asked.workspace.language):
        refuse(ctx, person, _("Link in a survey mail"))


def returned(workspace: Workspace, ask_id: UUID) -> None:
    """The mail server did not take it."""
    asks.returned(system_context(workspace, "survey"), ask_id)


def set_rest(ctx: Context, days: int, nps_days: int) -> None:
    """Set how long people are left in peace; for whoever may change surveys."""
    if ctx.viewer.scope("survey", "edit") != "all":
        raise Refused(_("Your role does not allow you to change surveys."))
    asks.set_rest(ctx, Rest(days, nps_days))


register_desk(
    Desk(
        due=asks.due, claim=claim, returned=returned, find=find, rate=rate, refuse=refuse_more, report=report,
        type="survey_answer", rest=lambda workspace: rest_of(workspace.pk), set_rest=set_rest,
    )
)  # fmt: skip
