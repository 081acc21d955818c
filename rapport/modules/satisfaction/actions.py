"""What one does by hand: note a rating somebody gave on the phone, ask now, correct what was noted wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.kinds.number import NumberKind
from rapport.kernel.kinds.reference import ReferenceKind
from rapport.kernel.records.registry import registry
from rapport.modules.customers.models import Customer
from rapport.modules.customers.records import CustomerType
from rapport.modules.satisfaction.answering import answer, note
from rapport.modules.satisfaction.asks import put
from rapport.modules.satisfaction.deciding import WHY, why_not
from rapport.modules.satisfaction.models import Survey, SurveyAnswer
from rapport.modules.satisfaction.occasions import person_of
from rapport.modules.satisfaction.records import SurveyAnswerType
from rapport.modules.service.models import Ticket
from rapport.modules.service.records import TicketType

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_SCORE = {"minimum": 0, "maximum": 10}


@action(TicketType, _("Note their rating"), icon="star", bulk=False)
def rate(
    ctx: Context, ticket: Ticket, *, survey: UUID = Input(ReferenceKind, _("survey"), to="survey"),
    score: int = Input(NumberKind, _("score"), options=_SCORE),
    comment: str | None = Input(LongTextKind, _("comment"), required=False),
) -> None:  # fmt: skip
    """Write down how they rated it on the phone."""
    answer(ctx.as_system("rating"), ticket, score, comment or "", "phone", survey=_survey(ctx, survey))


@action(TicketType, _("Ask for a rating now"), when="state is any of (solved, closed)", icon="send", bulk=False)
def ask_rating(
    ctx: Context, ticket: Ticket, *, survey: UUID = Input(ReferenceKind, _("survey"), to="survey", only="is_active is yes")
) -> None:
    """Send the question by mail at once, unless this person was asked lately or does not wish it."""
    person = person_of(ctx, ticket.person_id, ticket.customer_id)
    _ask(ctx, _survey(ctx, survey), person, f"ticket:{ticket.pk.hex}", ticket.customer_id, ticket)


@action(CustomerType, _("Note their rating"), icon="star", bulk=False)
def note_rating(
    ctx: Context, customer: Customer, *, survey: UUID = Input(ReferenceKind, _("survey"), to="survey"),
    score: int = Input(NumberKind, _("score"), options=_SCORE),
    comment: str | None = Input(LongTextKind, _("comment"), required=False),
) -> None:  # fmt: skip
    """Write down how they rate us, as they said on the phone."""
    person = customer.pk if customer.kind == "person" else None
    note(
        ctx.as_system("rating"), _survey(ctx, survey), score, comment or "", "phone", person_id=person,
        customer_id=None if person else customer.pk, owner_id=customer.owner_id, team_id=customer.team_id,
    )  # fmt: skip


@action(CustomerType, _("Ask for a rating now"), when="kind is person", icon="send", bulk=False)
def ask_rating_now(
    ctx: Context, customer: Customer, *, survey: UUID = Input(ReferenceKind, _("survey"), to="survey", only="is_active is yes")
) -> None:
    """Send the question by mail at once, unless they were asked lately or do not wish it."""
    _ask(ctx, _survey(ctx, survey), customer.pk, f"hand:{ctx.format.today.isoformat()}", None, None)


@action(SurveyAnswerType, _("Correct"), when="channel is phone", icon="pencil", bulk=False)
def correct(
    ctx: Context, rating: SurveyAnswer, *, score: int = Input(NumberKind, _("score"), options=_SCORE),
    comment: str | None = Input(LongTextKind, _("comment"), required=False),
) -> None:  # fmt: skip
    """Mend what was noted wrongly on the phone. What customers typed themselves stays as it is."""
    ctx.write(rating, score=score, comment=comment if comment is not None else rating.comment)


def _survey(ctx: Context, pk: UUID) -> Survey:
    found = gate.get(ctx, registry.get("survey"), pk)
    assert isinstance(found, Survey)
    return found


def _ask(
    ctx: Context, survey: Survey, person_id: UUID | None, occasion: str, customer_id: UUID | None, ticket: Ticket | None
) -> None:
    """Put it down for the next turn of the job, or say why not; the job decides again before it sends."""
    rows = Customer.objects.filter(workspace_id=ctx.workspace.pk)
    person = rows.filter(pk=person_id).first() if person_id is not None else None
    why = why_not(ctx.as_system("survey"), survey, person, ticket)
    more = {"customer_id": customer_id, "ticket": ticket, "at_once": True}
    if not why and not put(ctx, survey, person_id, occasion, ctx.format.now, **more):
        why = "asked"
    if why:
        raise Invalid(_t("Nobody was asked. %(why)s") % {"why": WHY[why]}, code=why, field="survey")
