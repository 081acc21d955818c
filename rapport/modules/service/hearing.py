"""Telling the owner and the watchers of a ticket that something was written in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rapport.engines.notices.writing import put_once
from rapport.modules.service.models import Ticket, TicketEntry, TicketWatcher

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
