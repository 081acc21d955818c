"""What follows when something is written in a ticket: its owner and watchers hear of it, and the customer was spoken to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast
from uuid import UUID

from rapport.engines.livechat import talking
from rapport.engines.notices.writing import put_once
from rapport.modules.activities.next_step import raise_last_contact
from rapport.modules.service.models import Ticket, TicketEntry, TicketWatcher
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context


def tell_watchers(ctx: Context, written: list[Written]) -> None:
    """One notice per entry for whoever watches, and for the owner when the customer wrote (an effect). What an import or a
    sample brings in, with nobody acting, is no news."""
    entries = [cast(TicketEntry, one.record) for one in written if one.verb == "create"]
    if not entries or (ctx.actor_id is None and not any(one.kind == "answer" for one in entries)) or len(entries) > 20:
        return
    tickets = [one.ticket_id for one in entries]
    watching: dict[object, list[object]] = {}
    rows = TicketWatcher.objects.filter(workspace_id=ctx.workspace.pk, ticket_id__in=tickets, deleted_at=None)
    for ticket, person in rows.values_list("ticket_id", "person_id"):
        watching.setdefault(ticket, []).append(person)
    answered = [one.ticket_id for one in entries if one.kind == "answer"]
    owners = dict(Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk__in=answered).values_list("pk", "owner_id"))
    for one in entries:
        people = [*watching.get(one.ticket_id, []), owners.get(one.ticket_id) if one.kind == "answer" else None]
        whose = {person: [one.ticket_id] for person in people if person is not None and person != ctx.actor_id}
        if whose:
            put_once(ctx.workspace, "wrote", "ticket", whose, once=f"wrote:{one.pk.hex}")  # type: ignore[arg-type]


def ring_chats(ctx: Context, written: list[Written]) -> None:
    """Whoever has the conversation open hears of a new line at once, and a chat whose ticket is over is over (an effect)."""
    entries = [one.record for one in written if isinstance(one.record, TicketEntry) and one.record.kind in ("reply", "answer")]
    asked = {one.ticket_id for one in entries}
    tickets = [one.record for one in written if isinstance(one.record, Ticket) and one.record.channel == "chat"]
    over = [one.pk for one in tickets if one.state in OVER or one.merged_into_id or one.deleted_at]
    if asked:
        talking.ring(ctx.workspace.pk, "ticket", list(asked))
    if over:
        talking.close(ctx.workspace.pk, "ticket", over, ctx.format.now)


def keep_contact(ctx: Context, written: list[Written]) -> None:
    """A ticket that was opened, a reply and an answer are a contact with the customer and the person (an effect)."""
    latest: dict[UUID, dt.datetime] = {}
    now = dt.datetime.now(dt.UTC)

    def met(at: dt.datetime, *people: UUID | None) -> None:
        for one in people:
            if one is not None and at <= now:
                latest[one] = max(at, latest.get(one, at))

    made = [one.record for one in written if one.verb == "create"]
    entries = [one for one in made if isinstance(one, TicketEntry) and one.kind in ("reply", "answer")]
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk__in={one.ticket_id for one in entries}) if entries else ()
    tickets = {one.pk: one for one in rows}
    for entry in entries:
        ticket = tickets[entry.ticket_id]
        met(entry.at or ctx.format.now, ticket.customer_id, entry.person_id or ticket.person_id)
    for one in made:
        if isinstance(one, Ticket):
            met(one.opened_at or ctx.format.now, one.customer_id, one.person_id)
    raise_last_contact(ctx, latest)
