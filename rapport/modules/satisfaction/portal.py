"""Ratings as guests of the portal give them: of their own tickets that were solved a short while ago."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.portal.guest import Guest
from rapport.engines.portal.registry import Asked, Page, portal_section
from rapport.kernel import format as shown_as
from rapport.kernel.errors import Gone, Invalid
from rapport.modules.satisfaction.answering import answer, may_change, ticket_survey
from rapport.modules.satisfaction.models import Survey, SurveyAnswer
from rapport.modules.satisfaction.scales import SCALES, wordings
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import OVER

#: So long after it was solved a ticket may be rated here; it is the time in which a link in a mail may be.
WITHIN = dt.timedelta(days=30)
_MOST = 20
_LONGEST = 5_000


def mine(guest: Guest) -> list[Ticket]:
    """Tickets the guest asked for themselves, solved within the last weeks."""
    since = guest.context().format.now - WITHIN
    rows = Ticket.objects.filter(workspace_id=guest.workspace.pk, person_id=guest.person_id, deleted_at=None, merged_into=None)
    return list(rows.filter(state__in=OVER, solved_at__gte=since).order_by("-solved_at", "-pk")[:_MOST])


def is_asked(guest: Guest) -> bool:
    """Whether there is anything to rate."""
    rows = Survey.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None, is_active=True, asks="ticket")
    return rows.exists() and bool(mine(guest))


ratings = portal_section("ratings", _("How was it?"), icon="thumbs-up", order=20, is_for=is_asked)


@dataclass(frozen=True)
class Line:
    """One ticket with its question."""

    id: UUID
    subject: str
    when: str
    question: str
    scores: list[int]
    low_words: object
    high_words: object
    score: int | None
    comment: str
    is_open: bool


@ratings.page()
def listing(guest: Guest, asked: Asked) -> Page:
    """Each ticket with the scale of its survey, and what was answered."""
    ctx, lines = guest.context(), []
    for ticket in mine(guest):
        survey = ticket_survey(ctx, ticket)
        if survey is None:
            continue
        scale, there = SCALES[survey.kind], _answer_of(guest, survey, ticket)
        question = wordings(survey.wordings).get(guest.language) or survey.question or str(scale.question)
        comment = there.comment if there else ""
        if asked.get("ticket") == str(ticket.pk):  # it could not be taken: nothing typed is lost
            comment = asked.get("comment")
        lines.append(Line(
            ticket.pk, ticket.subject, shown_as.relative(ticket.solved_at, ctx.format), question,  # type: ignore[arg-type]
            list(range(scale.first, scale.last + 1)), scale.low_words, scale.high_words, there.score if there else None,
            comment, may_change(ctx, there.answered_at if there else None),
        ))  # fmt: skip
    return Page(_t("How was it?"), "satisfaction/portal_ratings.html", {"lines": lines})


def _answer_of(guest: Guest, survey: Survey, ticket: Ticket) -> SurveyAnswer | None:
    rows = SurveyAnswer.objects.filter(workspace_id=guest.workspace.pk, ticket_id=ticket.pk, deleted_at=None)
    return rows.filter(survey_id=survey.pk).order_by("-asked_at").first()


@ratings.deed("rate", said=_("Thank you. You can change it for seven days."))
def rate(guest: Guest, asked: Asked) -> str:
    """Take a score and what was said to it."""
    ticket = next((one for one in mine(guest) if str(one.pk) == asked.get("ticket")), None)
    ctx = guest.context()
    survey = ticket_survey(ctx, ticket) if ticket is not None else None
    if ticket is None or survey is None:
        raise Gone
    scale, given = SCALES[survey.kind], asked.get("score")
    if given not in {str(one) for one in range(scale.first, scale.last + 1)}:
        raise Invalid(_t("Choose a number first."))
    comment = asked.get("comment").replace("\r\n", "\n").strip()
    if len(comment) > _LONGEST:
        raise Invalid(_t("Write at most %(most)d characters.") % {"most": _LONGEST})
    answer(ctx, ticket, int(given), comment, "portal", survey=survey)
    return ""
