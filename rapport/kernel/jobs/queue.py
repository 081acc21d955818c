"""The lease queue: how a job is claimed by one worker, kept alive, and never lost when that worker dies.

A claim marks the row as running until `lease_until`; a heartbeat moves that time on; a row whose lease has run out
belongs to a dead worker, and any other worker makes it ready again (`reap`). Whoever finishes a job does so on the
condition that it is still theirs, so a worker that was only slow cannot overwrite the run that replaced its own.
Works the same on SQLite (IMMEDIATE transactions) and PostgreSQL (SKIP LOCKED). Delivery is at least once.

Clocks: leases compare the clocks of the machines, which must agree within a third of the lease.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.kernel.access.current import unscoped, use_workspace_or_none
from rapport.kernel.errors import Conflict
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.tasks import checked_json

log = logging.getLogger("rapport.jobs")
Status = Job.Status

DEFAULT_LEASE = dt.timedelta(seconds=30)
FIRST_WAIT = 15.0
WAIT_GROWS = 4
LONGEST_WAIT = 6 * 3600.0
MAX_ERROR = 20_000
MAX_RESULT_LENGTH = 64_000


@dataclass(frozen=True)
class Progress:
    """How far a job is: steps done, of how many, and a note for people."""

    done: int = 0
    total: int | None = None
    note: str = ""


Method = TypeVar("Method", bound=Callable[..., object])


def _where_it_belongs(method: Method) -> Method:
    """Run a method of the queue inside the workspace of the job it is about: the row is visible nowhere else."""

    @wraps(method)
    def inside(self: Queue, job: Job, *args: object, **kwargs: object) -> object:
        with use_workspace_or_none(job.workspace_id):
            return method(self, job, *args, **kwargs)

    return inside  # type: ignore[return-value]


def wait_before_retry(attempts: int) -> dt.timedelta:
    """15 s, 1 min, 4 min, 16 min ... up to 6 h, each shortened by up to a third, so that failures spread."""
    seconds = min(FIRST_WAIT * WAIT_GROWS ** min(attempts - 1, 10), LONGEST_WAIT)
    return dt.timedelta(seconds=seconds * random.uniform(2 / 3, 1))


@dataclass(frozen=True)
class Queue:
    """The queue as one worker sees it. Every method is one short statement or transaction."""

    worker: str
    lease: dt.timedelta = DEFAULT_LEASE
    clock: Callable[[], dt.datetime] = timezone.now

    def next_due(self) -> dt.datetime | None:
        """When the earliest ready job may run: the poll, one step into an index, no lock."""
        with unscoped("the queue serves every workspace"):
            return Job.objects.filter(status=Status.READY).order_by("run_after").values_list("run_after", flat=True).first()

    def claim(self) -> Job | None:
        """Take the most urgent job that is due, or None."""
        now = self.clock()
        due = Job.objects.filter(status=Status.READY, run_after__lte=now).order_by("-priority", "run_after", "id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        with unscoped("a worker takes the jobs of every workspace"), transaction.atomic():
            job = due.first()
            if job is None:
                return None
            taken = {
                "status": Status.RUNNING,
                "worker": self.worker,
                "attempts": job.attempts + 1,
                "lease_until": now + self.lease,
            }
            if not Job.objects.filter(pk=job.pk, status=Status.READY).update(**taken):
                return None
        for name, value in taken.items():
            setattr(job, name, value)
        return job

    @_where_it_belongs
    def beat(self, job: Job, progress: Progress) -> bool | None:
        """Extend the lease and store the progress. Returns whether a stop was asked for; None if the job is lost."""
        mine = self._mine(job)
        if not mine.update(lease_until=self.clock() + self.lease, **_columns(progress)):
            return None
        return mine.values_list("stop_requested", flat=True).first()

    @_where_it_belongs
    def is_asked_to_stop(self, job: Job) -> bool | None:
        """Whether a stop was asked for; None if the job is lost."""
        return self._mine(job).values_list("stop_requested", flat=True).first()

    @_where_it_belongs
    def finish(self, job: Job, result: object, progress: Progress) -> bool:
        """The job is done. False if it was not ours any more."""
        stored = checked_json(result, MAX_RESULT_LENGTH)
        return self._end(job, status=Status.DONE, result=stored, error="", **_columns(progress))

    @_where_it_belongs
    def stopped(self, job: Job, progress: Progress) -> bool:
        """The task ended early because a stop was asked for."""
        return self._end(job, status=Status.STOPPED, **_columns(progress))

    @_where_it_belongs
    def fail(self, job: Job, error: str, *, again: bool = True) -> bool:
        """Keep the error; run the job again later if attempts are left and nobody asked to stop it."""
        text = storable(error)
        now = self.clock()
        if again and job.attempts < job.max_attempts:
            later = {"status": Status.READY, "run_after": now + wait_before_retry(job.attempts)}
            waiting = self._mine(job).filter(stop_requested=False)
            if waiting.update(error=text, worker="", lease_until=None, **later):
                return True
            return self._end(job, status=Status.STOPPED, error=text)
        return self._end(job, status=Status.FAILED, error=text)

    @_where_it_belongs
    def give_back(self, job: Job, progress: Progress) -> bool:
        """Put the job back as it was, for another worker: this one shuts down. The attempt does not count."""
        back = {"status": Status.READY, "attempts": job.attempts - 1, "run_after": self.clock()}
        return bool(self._mine(job).update(worker="", lease_until=None, **back, **_columns(progress)))

    def reap(self) -> int:
        """Make the jobs of dead workers ready again, or end those that were stopped or are out of attempts."""
        now = self.clock()
        with unscoped("a dead worker's jobs may belong to any workspace"):
            dead = self._reap(now)
        for pk, worker, attempts in dead:
            log.warning("Job %s: worker %s died during attempt %s.", pk, worker, attempts)
        return len(dead)

    def _reap(self, now: dt.datetime) -> list[tuple[UUID, str, int]]:
        expired = Job.objects.filter(status=Status.RUNNING, lease_until__lt=now)
        dead = list(expired.values_list("id", "worker", "attempts")[:1000])
        if not dead:
            return []
        lost = expired.filter(pk__in=[pk for pk, _worker, _attempts in dead])
        ended = {"finished_at": now, "worker": "", "lease_until": None}
        with transaction.atomic():
            lost.filter(stop_requested=True).update(status=Status.STOPPED, **ended)
            why = "The worker died during the last attempt that was allowed."
            lost.filter(attempts__gte=F("max_attempts")).update(status=Status.FAILED, error=why, **ended)
            lost.update(status=Status.READY, run_after=now, worker="", lease_until=None)
        return dead

    def _mine(self, job: Job) -> QuerySet[Job]:
        # The attempt is part of it: the same worker may have lost the job and claimed it again.
        return Job.objects.filter(pk=job.pk, status=Status.RUNNING, worker=self.worker, attempts=job.attempts)

    def _end(self, job: Job, **columns: object) -> bool:
        return bool(self._mine(job).update(finished_at=self.clock(), worker="", lease_until=None, **columns))


def _columns(progress: Progress) -> dict[str, object]:
    return {
        "progress_done": progress.done,
        "progress_total": progress.total,
        "progress_note": progress.note,
    }


def storable(text: str, longest: int = MAX_ERROR) -> str:
    """Text that both databases take: the end of it, without NUL and half characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[-longest:]


def request_stop(job: Job) -> None:
    """Stop a job: one that waits ends at once, a running one when its task next looks at `should_stop`."""
    now = timezone.now()
    with use_workspace_or_none(job.workspace_id):
        waiting = Job.objects.filter(pk=job.pk, status=Status.READY)
        if not waiting.update(status=Status.STOPPED, stop_requested=True, finished_at=now):
            Job.objects.filter(pk=job.pk, status=Status.RUNNING).update(stop_requested=True)
        job.refresh_from_db()


def retry(job: Job) -> None:
    """Run a failed or stopped job again, with all its attempts. Raises Conflict for any other."""
    fresh = {"status": Status.READY, "attempts": 0, "run_after": timezone.now(), "finished_at": None}
    with use_workspace_or_none(job.workspace_id):
        ended = Job.objects.filter(pk=job.pk, status__in=[Status.FAILED, Status.STOPPED])
        if not ended.update(stop_requested=False, **fresh):
            raise Conflict(_("Only a job that failed or was stopped can be run again."))
        job.refresh_from_db()


def purge(older_than: dt.timedelta, *, at_most: int = 10_000) -> int:
    """Delete jobs that ended done or stopped longer ago than this, in one batch; failed ones stay for people to see."""
    ended = Job.objects.filter(finished_at__lt=timezone.now() - older_than).exclude(status=Status.FAILED)
    with unscoped("old jobs of every workspace are dropped"):
        batch = list(ended.order_by("finished_at").values_list("pk", flat=True)[:at_most])
        return Job.objects.filter(pk__in=batch).exclude(status=Status.FAILED).delete()[0]
