"""Who else has a ticket open: a row per person and ticket, renewed by the open page, forgotten by itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.service.chat_shown import visitor_of
from rapport.modules.service.clock_card import clock_card
from rapport.modules.service.models import Ticket, TicketLook

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

#: Whoever gave no sign for so long is not looking any more; the page gives one every ten seconds.
_LOOKS = dt.timedelta(seconds=30)
#: A row that is younger is not written again.
_RENEW = dt.timedelta(seconds=8)


def look(ctx: Context, ticket_id: UUID) -> None:
    """Say that the viewer has the ticket open."""
    user, now = ctx.viewer.user_id, ctx.format.now
    if user is None:
        return
    mine = TicketLook.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket_id, user_id=user)
    seen = mine.values_list("seen_at", flat=True).first()
    if seen is None:
        row = TicketLook(workspace_id=ctx.workspace.pk, ticket_id=ticket_id, user_id=user, seen_at=now)
        TicketLook.objects.bulk_create([row], ignore_conflicts=True)
    elif now - seen >= _RENEW:
        mine.update(seen_at=now)


def others(ctx: Context, ticket_id: UUID) -> list[str]:
    """The names of the other people who look at it now, as far as the viewer may see them."""
    since = ctx.format.now - _LOOKS
    rows = TicketLook.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket_id, seen_at__gte=since)
    ids = set(rows.exclude(user_id=ctx.viewer.user_id).values_list("user_id", flat=True)[:5])
    names = gate.titles(ctx, registry.get("user"), ids) if ids else {}
    return sorted(str(name) for name in names.values())


def mark_of(ticket: Ticket, last_entry: UUID | None) -> str:
    """What changes with every change of the ticket and with every entry."""
    return f"{ticket.version}.{last_entry or ''}"


def last_entry(ctx: Context, ticket_id: UUID) -> UUID | None:
    """The entry written last, by the index of entries."""
    rows = gate.visible(ctx, registry.get("ticket_entry")).filter(ticket_id=ticket_id)
    return rows.order_by("-at", "-id").values_list("pk", flat=True).first()


@slot("record.live", type_key="ticket")
def live(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Who is looking too, and the clock as it stands now."""
    assert isinstance(record, Ticket)
    look(ctx, record.pk)
    values = {
        "others": others(ctx, record.pk), "clock": clock_card(ctx, record), "stamp": mark_of(record, last_entry(ctx, record.pk)),
        "visitor": visitor_of(ctx, record),
    }  # fmt: skip
    return Panel("", "service/live.html", values)
