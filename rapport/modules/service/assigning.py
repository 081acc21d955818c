"""Who gets a new ticket: nobody, the members of the queue in turn, or the one with the fewest open tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.db.models import Count

from rapport.modules.service.models import Queue, QueueMember, Ticket

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

_OPEN = ("new", "open", "waiting", "held")
_NEVER = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


def assign(ctx: Context, written: list[Written]) -> None:
    """Give new tickets that belong to nobody, and those that came to another queue without an owner, to a member (an effect)."""
    wanted = [cast(Ticket, one.record) for one in written if one.verb in ("create", "update") and one.changed("queue")]
    wanted = [ticket for ticket in wanted if ticket.owner_id is None and ticket.state == "new"]
    if not wanted:
        return
    system = ctx.as_system("assignment")
    gives = dict(Queue.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).values_list("pk", "gives"))
    members: dict[UUID, list[QueueMember]] = {}
    for ticket in wanted:
        if gives.get(ticket.queue_id, "nobody") == "nobody":
            continue
        if ticket.queue_id not in members:
            members[ticket.queue_id] = there(ctx, ticket.queue_id)
        chosen = choose(ctx, members[ticket.queue_id], ticket, gives[ticket.queue_id])
        if chosen is not None:
            system.write(chosen, given_at=ctx.format.now)
            system.write(ticket, owner=chosen.person_id)


def there(ctx: Context, queue_id: UUID) -> list[QueueMember]:
    """The members of a queue who are there today and may sign in."""
    today = ctx.format.today
    rows = QueueMember.objects.filter(
        workspace_id=ctx.workspace.pk, deleted_at=None, queue_id=queue_id, person__is_active=True, person__deleted_at=None
    )
    return [one for one in rows.order_by("id") if not is_away(one, today)]


def is_away(member: QueueMember, today: dt.date) -> bool:
    """Whether a member is away on a day; an end alone counts from always, a beginning alone for ever."""
    if member.away_from is None and member.away_until is None:
        return False
    return (member.away_from or dt.date.min) <= today <= (member.away_until or dt.date.max)


def choose(ctx: Context, members: list[QueueMember], ticket: Ticket, way: str) -> QueueMember | None:
    """The member who gets a ticket: of those with a skill it asks for, or of all when nobody has one."""
    asked = {str(tag).casefold() for tag in [*(ticket.tags or []), ticket.category, ticket.product] if tag}
    able = [one for one in members if asked & {str(skill).casefold() for skill in one.skills or []}] or members
    if way == "least":
        load = open_tickets(ctx, {one.person_id for one in able})
        return min(able, key=lambda one: (load.get(one.person_id, 0), one.given_at or _NEVER, one.pk), default=None)
    return min(able, key=lambda one: (one.given_at or _NEVER, one.pk), default=None)


def open_tickets(ctx: Context, people: Iterable[UUID]) -> dict[UUID, int]:
    """How many open tickets each of these people has, in one query by the index of owners."""
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, owner_id__in=list(people), state__in=_OPEN)
    return dict(rows.order_by().values_list("owner_id").annotate(Count("pk")))
