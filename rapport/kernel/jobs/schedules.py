"""Work that comes round: declared beside the task, one row per schedule, and one job per turn.

    @every(seconds=300)
    @job()
    def fetch_mail(ctx: JobContext) -> None: ...

`next_run` moves on in the transaction that enqueues, on the condition that nobody else moved it, so that any number of
runners enqueue a turn once. Turns missed while nothing ran are not made up for: one job, then the next future turn.
A turn is skipped while the job of the one before is unfinished.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rapport.kernel.access.current import unscoped, use_workspace_or_none
from rapport.kernel.errors import RapportError
from rapport.kernel.jobs.models import Job, Schedule
from rapport.kernel.jobs.tasks import Task, enqueue

log = logging.getLogger("rapport.jobs")

AnyTask = TypeVar("AnyTask", bound=Task)
#: Names of declared schedules begin so; rows with other names belong to whoever made them and are left alone.
PREFIX = "declared:"


@dataclass(frozen=True)
class Turns:
    """When a schedule comes round: every so many seconds, or daily at a time of the installation's zone."""

    every_seconds: int | None = None
    daily_at: dt.time | None = None

    def after(self, now: dt.datetime, last: dt.datetime | None = None) -> dt.datetime:
        """The first turn later than `now`; intervals keep the beat of the `last` turn."""
        if self.every_seconds is not None:
            step = dt.timedelta(seconds=self.every_seconds)
            return now + step if last is None else last + step * ((now - last) // step + 1)
        zone = timezone.get_default_timezone()
        day = now.astimezone(zone).date()
        turn = self._on(day, zone)
        return turn if turn > now else self._on(day + dt.timedelta(days=1), zone)

    def _on(self, day: dt.date, zone: dt.tzinfo) -> dt.datetime:
        # To UTC before any comparing: inside one zone Python compares the clock faces, wrong when clocks change.
        return dt.datetime.combine(day, self.daily_at or dt.time(), tzinfo=zone).astimezone(dt.UTC)


_declared: dict[str, Turns] = {}


def every(*, seconds: int) -> Callable[[AnyTask], AnyTask]:
    """Enqueue the task every so many seconds, in no workspace and with no arguments."""
    if seconds < 1:
        raise ValueError("A schedule comes round every second at most.")
    return _declaring(Turns(every_seconds=seconds))


def daily(*, at: str) -> Callable[[AnyTask], AnyTask]:
    """Enqueue the task once a day at this time ("03:00") of the installation's zone."""
    return _declaring(Turns(daily_at=dt.time.fromisoformat(at)))


def _declaring(turns: Turns) -> Callable[[AnyTask], AnyTask]:
    def wrap(task: AnyTask) -> AnyTask:
        _declared[task.path] = turns
        return task

    return wrap


def sync_schedules(clock: Callable[[], dt.datetime] = timezone.now) -> None:
    """Bring the rows in line with the declarations: add, change, and drop what is declared no more."""
    now = clock()
    wanted = {PREFIX + path: (path, turns) for path, turns in _declared.items()}
    rows = {row.name: row for row in Schedule.objects.filter(workspace_id=None, name__startswith=PREFIX)}
    missing = [
        Schedule(
            name=name,
            task=path,
            every_seconds=turns.every_seconds,
            daily_at=turns.daily_at,
            next_run=turns.after(now),
        )
        for name, (path, turns) in wanted.items()
        if name not in rows
    ]
    Schedule.objects.bulk_create(missing, ignore_conflicts=True)  # another runner may start at the same moment
    for name, row in rows.items():
        if name not in wanted:
            row.delete()
        elif wanted[name][1] != _turns(row):
            turns = wanted[name][1]
            columns = {"every_seconds": turns.every_seconds, "daily_at": turns.daily_at}
            Schedule.objects.filter(pk=row.pk).update(next_run=turns.after(now), **columns)


def _turns(row: Schedule) -> Turns:
    return Turns(row.every_seconds, row.daily_at)


def run_due_schedules(clock: Callable[[], dt.datetime] = timezone.now, *, at_most: int = 100) -> int:
    """Enqueue a job for every schedule that is due, each in its own transaction; returns how many turns were ours."""
    now = clock()
    with unscoped("which schedules are due, in all workspaces at once"):
        due = list(Schedule.objects.filter(next_run__lte=now).order_by("next_run")[:at_most])
    return sum(_take_turn(row, now) for row in due)


def _take_turn(row: Schedule, now: dt.datetime) -> bool:
    following = _turns(row).after(now, row.next_run)
    with use_workspace_or_none(row.workspace_id), transaction.atomic():
        if not Schedule.objects.filter(pk=row.pk, next_run=row.next_run).update(next_run=following):
            return False  # another runner had this turn
        if _is_unfinished(row.last_job_id):
            log.info("Schedule %s: the turn is skipped, its last job is unfinished.", row.name)
            return True
        try:
            job = enqueue(row.task, workspace=row.workspace_id, run_after=now, **row.args)
        except (RapportError, TypeError, ValueError):
            # An unknown task or arguments that no longer fit must not hold up the other schedules.
            log.exception("Schedule %s: its job cannot be enqueued.", row.name)
            return True
        Schedule.objects.filter(pk=row.pk).update(last_job_id=job.pk)
    return True


def _is_unfinished(job_id: UUID | None) -> bool:
    unfinished = (Job.Status.READY, Job.Status.RUNNING)
    return job_id is not None and Job.objects.filter(pk=job_id, status__in=unfinished).exists()
