"""Whether somebody is asked: never who does not wish it, never a desk, and nobody too often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from rapport.engines.rating.desk import Rest
from rapport.modules.customers.consents import Event, fold
from rapport.modules.customers.models import Consent, Customer
from rapport.modules.mail.participants import is_role_address
from rapport.modules.satisfaction.models import Survey, SurveyAnswer, SurveyRest
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from uuid import UUID

    from rapport.kernel.context import Context

#: Why somebody is not asked, as it is told to whoever wanted to ask.
WHY = {
    "off": _("The survey is switched off."),
    "nobody": _("There is no person to ask; enter who asked."),
    "gone": _("This person is not here any more."),
    "no_address": _("This person has no e-mail address."),
    "role": _("Only addresses of desks are known, such as info@; surveys go to people."),
    "refused": _("This person does not wish to be asked."),
    "rested": _("This person was asked a short while ago; asking again would be a bother."),
    "wrote": _("This person has opened a ticket meanwhile."),
    "reopened": _("The ticket is open again."),
    "answered": _("This ticket was rated already."),
    "asked": _("This person was asked about this already."),
    "mail": _("The mail server did not take the mail."),
}
_MOST = 500


def why_not(ctx: Context, survey: Survey, person: Customer | None, ticket: Ticket | None, *, but: UUID | None = None) -> str:
    """A key of `WHY`, or "" when the person is asked. `but`: the rating made by an earlier try to send this very question."""
    if not survey.is_active or survey.deleted_at is not None:
        return "off"
    if ticket is not None and (found := _ticket_says(ctx, survey, ticket, but)):
        return found
    if person is None:
        return "nobody"
    if survey.asks == "help" and _wrote_meanwhile(ctx, survey, person):
        return "wrote"
    if person.deleted_at is not None or person.kind != "person":
        return "gone"
    if not address_of(person):
        return "role" if person.emails else "no_address"
    if has_refused(ctx, person.pk):
        return "refused"
    now, most = ctx.format.now, rest_of(ctx.workspace.pk)
    since = now - dt.timedelta(days=max(most.days, most.nps_days))
    rows = SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, person_id=person.pk, deleted_at=None, asked_at__gt=since)
    asked = rows.exclude(pk=but) if but is not None else rows
    return "rested" if is_resting(asked.values_list("asked_at", "kind"), survey.kind, now, most) else ""


def _ticket_says(ctx: Context, survey: Survey, ticket: Ticket, but: UUID | None) -> str:
    if ticket.deleted_at is not None or ticket.merged_into_id is not None or ticket.state not in OVER:
        return "reopened"
    rows = SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, survey_id=survey.pk, deleted_at=None)
    return "answered" if rows.exclude(answered_at=None).exclude(pk=but).exists() else ""


def _wrote_meanwhile(ctx: Context, survey: Survey, person: Customer) -> bool:
    """Whether somebody who read articles asked us after all."""
    since = ctx.format.now - dt.timedelta(hours=2 * max(1, survey.wait_hours))
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, person_id=person.pk, deleted_at=None)
    return rows.filter(opened_at__gte=since).exists()


def is_resting(asked: Iterable[tuple[dt.datetime, str]], kind: str, now: dt.datetime, most: Rest) -> bool:
    """Whether a person is left in peace: asked anything within so many days, or, for a question of recommendation, asked that
    within its own number of days. `asked`: when they were asked, and on which scale."""
    day = dt.timedelta(days=1)
    return any(
        at > now - most.days * day or (kind == other == "nps" and at > now - most.nps_days * day) for at, other in asked
    )  # fmt: skip


def rest_of(workspace_id: UUID) -> Rest:
    """How long people of a workspace are left in peace."""
    row = SurveyRest.objects.filter(workspace_id=workspace_id).first() or SurveyRest()
    return Rest(row.days, row.nps_days)


def address_of(person: Customer) -> str:
    """The first address that is a person's own."""
    entries = person.emails if isinstance(person.emails, list) else []
    values = [str(one.get("value", "")) for one in entries if isinstance(one, dict)]
    return next((one for one in values if "@" in one and not is_role_address(one.lower())), "")


def has_refused(ctx: Context, person_id: UUID) -> bool:
    """Whether what a person said last about surveys is no. What was never asked is no refusal: asking how it was is part of
    the business with a customer, and every mail has a way out."""
    rows = Consent.objects.filter(workspace_id=ctx.workspace.pk, customer_id=person_id, deleted_at=None, purpose="surveys")
    found = rows.order_by("-happened_at", "-pk").values_list("pk", "purpose", "channel", "answer", "happened_at")[:_MOST]
    state = fold(Event(*row) for row in found)
    one = state.get(("surveys", "email")) or state.get(("surveys", "any"))
    return one is not None and not one.is_given
