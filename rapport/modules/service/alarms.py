"""Telling people of promises before they are broken and when they are: a job that comes round, each told once.

What was told is a row of `TicketAlarm`, written in the transaction that tells: killed in between, both are there or neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.engines.notices.writing import put_once
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.modules.service.models import PRIORITIES, Queue, Ticket, TicketAlarm, TicketWatcher

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: What was due longer ago when it is first looked at is no news (a first start, a restored copy, an import).
_NEWS = dt.timedelta(days=2)
_BATCH = 200
_WORKED = ("new", "open")


@every(seconds=60)
@job(max_attempts=1, name="service.alarms")
def tell_of_promises(job_ctx: JobContext) -> int:
    """In every workspace, what has come near or was broken since the last turn."""
    told = 0
    for workspace in Workspace.objects.all():
        if job_ctx.should_stop:
            break
        with use_workspace(workspace):
            told += tell_workspace(workspace)
    return told


def tell_workspace(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Tell of the promises of one workspace; returns how many alarms are new."""
    ctx = system_context(workspace, "escalation")
    now = now or ctx.format.now
    rows = Queue.objects.filter(workspace_id=workspace.pk, deleted_at=None).only("warn_minutes", "lead_id", "raises")
    queues = {one.pk: one for one in rows}
    warn = max((one.warn_minutes for one in queues.values()), default=0)
    told = 0
    for batch in _due(workspace, now - _NEWS, now + dt.timedelta(minutes=warn)):
        with transaction.atomic():
            told += _tell(ctx, [(one, queues[one.queue_id]) for one in batch if one.queue_id in queues], now)
    return told


def _due(workspace: Workspace, first: dt.datetime, last: dt.datetime) -> Iterator[list[Ticket]]:
    """Tickets being worked on whose next promise is due in between, by the index of states."""
    for state in _WORKED:
        ids = list(
            Ticket.objects.filter(
                workspace_id=workspace.pk, deleted_at=None, state=state, due_at__gte=first, due_at__lte=last
            ).order_by("due_at", "pk").values_list("pk", flat=True)
        )  # fmt: skip
        for at in range(0, len(ids), _BATCH):
            yield list(Ticket.objects.filter(workspace_id=workspace.pk, pk__in=ids[at : at + _BATCH]))


def _tell(ctx: Context, tickets: list[tuple[Ticket, Queue]], now: dt.datetime) -> int:
    """Tell of one batch what was not told yet."""
    space = ctx.workspace.pk
    rows = TicketAlarm.objects.filter(workspace_id=space, ticket_id__in=[ticket.pk for ticket, _queue in tickets])
    known = set(rows.values_list("ticket_id", "clock", "turn", "step"))
    told = 0
    for ticket, queue in tickets:
        step = _step(ticket, queue, now)
        clock = "replied" if ticket.reply_due_at is not None and ticket.reply_due_at == ticket.due_at else "solved"
        if not step or (ticket.pk, clock, ticket.reopened, step) in known:
            continue
        row = TicketAlarm(workspace_id=space, ticket_id=ticket.pk, clock=clock, turn=ticket.reopened, step=step)
        TicketAlarm.objects.bulk_create([row])
        whose = {person: [ticket.pk] for person in _people(ctx, ticket, queue, step)}
        put_once(ctx.workspace, step, "ticket", whose, once=f"{step}:{ticket.pk.hex}:{clock}:{ticket.reopened}")
        if step == "late" and queue.raises:
            _raise(ctx, ticket)
        told += 1
    return told


def _step(ticket: Ticket, queue: Queue, now: dt.datetime) -> str:
    if ticket.due_at is None:
        return ""
    if ticket.due_at <= now:
        return "late"
    return "near" if ticket.due_at - dt.timedelta(minutes=queue.warn_minutes) <= now else ""


def _people(ctx: Context, ticket: Ticket, queue: Queue, step: str) -> list[UUID]:
    """Who hears of it: the owner, or the lead of the queue when there is none; of a broken promise also lead and watchers."""
    found = [ticket.owner_id or queue.lead_id]
    if step == "late":
        watchers = TicketWatcher.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, deleted_at=None)
        found += [queue.lead_id, *watchers.values_list("person_id", flat=True)]
    return [one for one in dict.fromkeys(found) if one is not None]


def _raise(ctx: Context, ticket: Ticket) -> None:
    """The next higher priority, if there is one."""
    keys = [key for key, _label in PRIORITIES]
    at = keys.index(ticket.priority)
    if at > 0:
        ctx.write(ticket, priority=keys[at - 1])
