"""Saved replies ready to be put into a ticket: their placeholders filled with what the viewer may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.modules.service.models import Ticket
from rapport.modules.service.placeholders import filled

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST = 30


@dataclass(frozen=True)
class ReadyReply:
    """One saved reply for one ticket."""

    id: UUID
    name: str
    text: str
    then: str


def words_of(ctx: Context, ticket: Ticket) -> dict[str, str]:
    """What each placeholder stands for in a ticket; what the viewer may not see is empty."""
    ids = {one for one in (ticket.customer_id, ticket.person_id) if one is not None}
    names = gate.titles(ctx, registry.get("customer"), ids) if ids else {}
    person = str(names.get(ticket.person_id, "")) or str(names.get(ticket.customer_id, ""))  # type: ignore[call-overload]
    return {
        "customer.name": str(names.get(ticket.customer_id, "")), "person.name": person,  # type: ignore[call-overload]
        "person.first_name": person.split(" ")[0], "ticket.number": str(ticket.number or ""), "ticket.subject": ticket.subject,
        "me.name": ctx.viewer.name, "company.name": ctx.workspace.name,
    }  # fmt: skip


def replies_for(ctx: Context, ticket: Ticket) -> list[ReadyReply]:
    """The saved replies of the ticket's queue and of all queues, by name."""
    info = registry.get("saved_reply")
    if not gate.allows(ctx, info, "view"):
        return []
    rows = gate.visible(ctx, info).filter(Q(queue_id=ticket.queue_id) | Q(queue_id=None)).order_by("title_key", "pk")[:_MOST]
    found = list(rows)
    words = words_of(ctx, ticket) if found else {}
    return [ReadyReply(one.pk, one.name, filled(one.body, words), one.then) for one in found]  # type: ignore[attr-defined]
