"""The clocks of tickets: which moments count, and when reply and solution are due by what was promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast
from uuid import UUID

from rapport.engines.clocks.hours import Hours
from rapport.engines.clocks.promise import Event, Promise, stand
from rapport.engines.clocks.typed import DAYS, spans
from rapport.modules.service.models import Holiday, Queue, ServiceHours, ServicePromise
from rapport.modules.service.moments import Moments

if TYPE_CHECKING:
    from rapport.kernel.context import Context

REPLIED, SOLVED = "replied", "solved"
#: What each clock makes of a moment.
_MEANS = {
    REPLIED: {"replied": Event.DONE, "waiting": Event.WAITING, "resumed": Event.RESUMED},
    SOLVED: {"solved": Event.DONE, "waiting": Event.WAITING, "resumed": Event.RESUMED, "reopened": Event.REOPENED},
}


def hours_of(ctx: Context, hours_id: UUID) -> Hours:
    """Service hours as the clock reads them, remembered for the context."""
    mark = ("service hours", hours_id)
    if mark not in ctx.memory:
        row = ServiceHours.objects.get(workspace_id=ctx.workspace.pk, pk=hours_id)
        holidays = Holiday.objects.filter(workspace_id=ctx.workspace.pk, hours_id=hours_id, deleted_at=None)
        week = tuple(spans(getattr(row, day)) for day in DAYS)
        zone = row.zone or ctx.workspace.time_zone
        ctx.memory[mark] = Hours(zone, week, dict(holidays.values_list("day", "name")))
    return cast(Hours, ctx.memory[mark])


def promised(ctx: Context, queue_id: UUID, priority: str) -> tuple[Hours, ServicePromise] | None:
    """What the queue's level promises for a priority, and within which hours; None when nothing is."""
    mark = ("promised", queue_id, priority)
    if mark not in ctx.memory:
        queue = Queue.objects.filter(workspace_id=ctx.workspace.pk, pk=queue_id).select_related("level").first()
        level = queue.level if queue is not None else None
        mine = ServicePromise.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, priority=priority)
        promise = mine.filter(level=level).order_by("pk").first() if level is not None and level.deleted_at is None else None
        ctx.memory[mark] = (hours_of(ctx, level.hours_id), promise) if level is not None and promise is not None else None
    return cast("tuple[Hours, ServicePromise] | None", ctx.memory[mark])


def stands(ctx: Context, queue_id: UUID, priority: str, moments: Moments, now: dt.datetime) -> dict[str, Promise]:
    """How each promise made for a ticket stands: "replied", "solved"."""
    what = promised(ctx, queue_id, priority)
    if what is None or not moments:
        return {}
    hours, promise = what
    found = {}
    for clock, minutes in ((REPLIED, promise.reply_minutes), (SOLVED, promise.solve_minutes)):
        if minutes is not None:
            events = [(moments[0][0], Event.BEGUN), *_events(clock, moments)]
            found[clock] = stand(events, dt.timedelta(minutes=minutes), hours, max(now, moments[-1][0]))
    return found


def _events(clock: str, moments: Moments) -> Sequence[tuple[dt.datetime, Event]]:
    means = _MEANS[clock]
    return [(at, means[what]) for at, what in moments if what in means]
