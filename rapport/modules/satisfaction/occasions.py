"""When somebody is to be asked: a ticket was solved, a deal was won, another period began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.kernel.changes.models import Change
from rapport.kernel.changes.readers import change_reader
from rapport.kernel.context import system_context
from rapport.kernel.query.read import filtered
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Deal, DealPerson
from rapport.modules.satisfaction.asks import put, round_came, round_of
from rapport.modules.satisfaction.models import Survey, SurveyAsk
from rapport.modules.satisfaction.readers import ask_readers
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context

#: What is older when it is read is no news (a first start, a restored copy, an import).
_NEWS = dt.timedelta(days=2)
_PEOPLE_AT_ONCE = 500


@change_reader("satisfaction")
def note_occasions(workspace: Workspace, changes: Sequence[Change]) -> None:
    """Put down asks for tickets that were solved and deals that moved. The cursor of the reader moves in this transaction, and
    each ask is unique, so nothing is missed and nothing is doubled."""
    ctx = system_context(workspace, "survey")
    since = ctx.format.now - _NEWS
    fresh = [one for one in changes if one.at >= since and one.verb in ("create", "update") and one.record_id is not None]
    solved = {one.record_id: one.at for one in fresh if one.type == "ticket" and "state" in one.diff}
    moved = {one.record_id: one.at for one in fresh if one.type == "deal" and "stage" in one.diff}
    if not solved and not moved:
        return
    surveys = active(ctx, "ticket", "deal")
    for survey in surveys:
        if survey.asks == "ticket":
            _after_tickets(ctx, survey, solved)
        else:
            _after_deals(ctx, survey, moved)


def active(ctx: Context, *asks: str) -> list[Survey]:
    """The surveys that are switched on and ask on such occasions."""
    return list(Survey.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, is_active=True, asks__in=asks))


def _is_after(survey: Survey, at: dt.datetime) -> bool:
    return survey.active_from is not None and at >= survey.active_from


def _after_tickets(ctx: Context, survey: Survey, changed: dict[UUID, dt.datetime]) -> None:
    ids = [pk for pk, at in changed.items() if _is_after(survey, at)]
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids, deleted_at=None, state__in=OVER, merged_into=None)
    if survey.queue_id is not None:
        rows = rows.filter(queue_id=survey.queue_id)
    for ticket in rows.order_by("pk"):
        solved = ticket.solved_at or changed[ticket.pk]
        if solved < ctx.format.now - _NEWS:
            continue  # brought in from elsewhere
        person = person_of(ctx, ticket.person_id, ticket.customer_id)
        put(
            ctx, survey, person, f"ticket:{ticket.pk.hex}", solved + dt.timedelta(hours=survey.wait_hours), ticket=ticket,
            customer_id=ticket.customer_id, why="" if person else "nobody",
        )  # fmt: skip


def _after_deals(ctx: Context, survey: Survey, changed: dict[UUID, dt.datetime]) -> None:
    ids = [pk for pk, at in changed.items() if _is_after(survey, at)]
    rows = Deal.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids, deleted_at=None, stage__outcome="won")
    for deal in rows.order_by("pk"):
        parts = DealPerson.objects.filter(workspace_id=ctx.workspace.pk, deal_id=deal.pk, deleted_at=None).order_by("pk")
        person = person_of(ctx, None, deal.customer_id) or parts.values_list("person_id", flat=True).first()
        won = dt.datetime.combine(deal.closed_on, dt.time(9), ctx.format.zone) if deal.closed_on else changed[deal.pk]
        if won < ctx.format.now - dt.timedelta(days=max(survey.wait_days, _NEWS.days)):
            continue  # won long ago, and brought in from elsewhere
        put(
            ctx, survey, person, f"deal:{deal.pk.hex}", won + dt.timedelta(days=survey.wait_days), customer_id=deal.customer_id,
            why="" if person else "nobody",
        )  # fmt: skip


def person_of(ctx: Context, person_id: UUID | None, customer_id: UUID | None) -> UUID | None:
    """The person behind a ticket or deal: who asked, or the customer if it is a person."""
    if person_id is not None or customer_id is None:
        return person_id
    rows = Customer.objects.filter(workspace_id=ctx.workspace.pk, pk=customer_id, kind="person")
    return rows.values_list("pk", flat=True).first()


def go_round(ctx: Context) -> int:
    """Let the regular surveys ask the next few hundred people of this period; returns how many were put down.

    How far it came is noted in the same transaction: killed in between, the same people are looked at again, and an ask that is
    there is not made twice.
    """
    made = ask_readers(ctx)
    today = ctx.format.today
    for survey in active(ctx, "regular"):
        period = (today.year * 12 + today.month - 1) // max(1, survey.every_months)
        with transaction.atomic():
            one = round_of(ctx, survey, period)
            if one.is_done:
                continue
            node = parse(survey.customers) if survey.customers else None
            rows = filtered(ctx, registry.get("customer"), node).filter(kind="person")
            rows = rows.filter(pk__gt=one.after_id) if one.after_id else rows
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_PEOPLE_AT_ONCE])
            made += sum(put(ctx, survey, pk, f"every:{survey.every_months}:{period}", ctx.format.now) for pk in ids)
            round_came(ctx, one, ids[-1] if len(ids) == _PEOPLE_AT_ONCE else None)
    return made


def waits(workspace: Workspace) -> bool:
    """Whether a workspace has anything to do with surveys just now: one look into an index."""
    has_active = Survey.objects.filter(workspace_id=workspace.pk, deleted_at=None, is_active=True).exists()
    return has_active or SurveyAsk.objects.filter(workspace_id=workspace.pk, state="waiting").exists()
