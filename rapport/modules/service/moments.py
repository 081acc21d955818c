"""The moments that make the clocks of a ticket go: what a change of its state adds to them, how they are kept and read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast
from uuid import UUID

from rapport.modules.service.models import Ticket, TicketMoment

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

Moments = list[tuple[dt.datetime, str]]
#: States in which a ticket waits for the customer or for a day, and in which it is over.
STILL, OVER = ("waiting", "held"), ("solved", "closed")
#: What of a ticket the clocks go by.
CLOCKED = frozenset({"state", "priority", "queue", "replied_at", "opened_at"})


def added(before: str, after: str, now: dt.datetime, *, replied: dt.datetime | None, solved: dt.datetime | None) -> Moments:
    """What a change from one state to another adds, with the first reply if it was given in it."""
    found: Moments = [(replied, "replied")] if replied is not None else []
    if after in OVER and before not in OVER:
        found.append((solved or now, "solved"))
    elif before in OVER and after not in OVER:
        found.append((now, "reopened"))
    if after in STILL and before not in STILL:
        # A ticket that comes in waiting (an import) waits since it was answered.
        found.append((replied or now, "waiting"))
    elif before in STILL and after not in (*STILL, *OVER):
        found.append((now, "resumed"))
    return found


def kept(workspace_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Moments]:
    """The moments after the beginning, in order, by ticket: one query by the index."""
    found: dict[UUID, Moments] = {}
    rows = TicketMoment.objects.filter(workspace_id=workspace_id, ticket_id__in=list(ids)).order_by("ticket_id", "at", "id")
    for ticket, at, what in rows.values_list("ticket_id", "at", "what"):
        found.setdefault(ticket, []).append((at, what))
    return found


def moments_of(ctx: Context, ticket: Ticket) -> Moments:
    """What happened to a ticket's clocks, from its beginning."""
    return story(ticket.opened_at or ticket.created_at, kept(ctx.workspace.pk, [ticket.pk]).get(ticket.pk, []))


def story(opened: dt.datetime, more: Moments) -> Moments:
    """The beginning and what came after; what is said to have been before it counts from it."""
    return [(opened, "begun"), *sorted(((max(at, opened), what) for at, what in more), key=lambda one: one[0])]


def new_moments(ticket: Ticket | None, values: Mapping[str, object], now: dt.datetime) -> Moments:
    """What a write that is about to be made adds."""
    before = ticket.state if ticket is not None else "new"
    replied = cast("dt.datetime | None", values.get("replied_at"))
    is_first = ticket is None or ticket.replied_at is None
    solved = cast("dt.datetime | None", values.get("solved_at"))
    return added(before, str(values.get("state") or before), now, replied=replied if is_first else None, solved=solved)


def keep_moments(ctx: Context, written: list[Written]) -> None:
    """Keep what changes of tickets added, in their transaction (an effect)."""
    rows = []
    for one in written:
        if one.verb not in ("create", "update") or not one.changed("state", "replied_at"):
            continue
        ticket = cast(Ticket, one.record)
        before, after = one.diff.get("state", (ticket.state, ticket.state))
        was = one.diff.get("replied_at", (ticket.replied_at, None))[0]
        replied = ticket.replied_at if one.changed("replied_at") and was is None else None
        found = added(str(before or "new"), str(after or "new"), ctx.format.now, replied=replied, solved=ticket.solved_at)
        rows += [TicketMoment(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, at=at, what=what) for at, what in found]
    if rows:
        TicketMoment.objects.bulk_create(rows, batch_size=500)
