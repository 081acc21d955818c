"""When hours, holidays or promises change, the clocks of all open tickets are worked out anew, in a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.modules.service.keeping import stands
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import kept, story

if TYPE_CHECKING:
    from rapport.engines.clocks.promise import Promise
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

_OPEN = ("new", "open", "waiting", "held")
_BATCH = 500
#: What of each type the clocks go by; () is all of it.
_READ = {"queue": ("level",), "service_level": ("hours",)}
DUE = ("reply_due_at", "solve_due_at", "due_at")


def recompute_after(ctx: Context, written: list[Written]) -> None:
    """Have the open tickets worked out anew after the policy changed (an effect of its types)."""
    wanted = any(not _READ.get(one.info.key) or one.verb != "update" or one.changed(*_READ[one.info.key]) for one in written)
    is_open = wanted and Ticket.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, state__in=_OPEN).exists()
    if is_open:
        enqueue("service.recompute", workspace=ctx.workspace, asked_by=ctx.actor_id)


@job(max_attempts=3, name="service.recompute")
def recompute(job_ctx: JobContext) -> int:
    """Work the clocks of one workspace out anew; killed, the next attempt begins again and changes only what is not right."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        changed = 0
        for done, changes in recompute_tickets(system_context(workspace, "promises")):
            changed += changes
            job_ctx.progress(done)
            if job_ctx.should_stop:
                break
    return changed


def recompute_tickets(ctx: Context) -> Iterator[tuple[int, int]]:
    """(tickets looked at so far, changed in this batch), a batch at a time."""
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, state__in=_OPEN)
    ids: list[UUID] = list(rows.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(ids), _BATCH):
        some = ids[at : at + _BATCH]
        moments = kept(ctx.workspace.pk, some)
        edits = []
        for ticket in Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk__in=some):
            begun = story(ticket.opened_at or ticket.created_at, moments.get(ticket.pk, []))
            found = due(stands(ctx, ticket.queue_id, ticket.priority, begun, ctx.format.now))
            if any(getattr(ticket, key) != found[key] for key in DUE):
                edits.append((ticket.pk, found))
        ctx.write_many("ticket", edits)
        yield at + len(some), len(edits)


def due(found: dict[str, Promise]) -> dict[str, object]:
    """When each promise is due, and the sooner of them, as values of a ticket; None for what is kept, paused or not promised."""
    open_ones = {clock: promise.due_at if promise.done_at is None else None for clock, promise in found.items()}
    soonest = min(filter(None, open_ones.values()), default=None)
    return {"reply_due_at": open_ones.get("replied"), "solve_due_at": open_ones.get("solved"), "due_at": soonest}
