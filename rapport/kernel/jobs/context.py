"""What a task knows of the job it runs in, and the heartbeat that keeps the job's lease alive."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from uuid import UUID

from django.db import DatabaseError, connection

from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import Progress, Queue, storable

log = logging.getLogger("rapport.jobs")

_LONGEST_NOTE = 200
_TICK = 1.0


class JobContext:
    """Given to every task: which job this is, a way to tell how far it is, and whether it should stop.

    With a heartbeat, neither `progress` nor `should_stop` touches the database from the task's own connection, so
    they may be called in a tight loop and inside a transaction; what they say is about a second old.
    """

    def __init__(
        self, job: Job, queue: Queue, *, shutting_down: Callable[[], bool] = bool, has_heartbeat: bool = False
    ) -> None:
        self.job = job
        self.queue = queue
        self.current = Progress(job.progress_done, job.progress_total, job.progress_note)
        self.told_to_stop = False  # the task has seen should_stop be true, so a return means "cut short"
        self.stop_requested = False
        self.is_lost = False
        self._shutting_down = shutting_down
        self._has_heartbeat = has_heartbeat

    @property
    def job_id(self) -> UUID:
        """The job's id; the same in every attempt, so it serves as an idempotency key towards the outside."""
        return self.job.pk

    @property
    def workspace_id(self) -> UUID | None:
        """The workspace the task runs in, if any."""
        return self.job.workspace_id

    @property
    def asked_by(self) -> UUID | None:
        """The user who asked for the job, if anybody did."""
        return self.job.asked_by

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self.job.attempts

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Tell people how far the job is."""
        self.current = Progress(max(done, 0), total, storable(note[:_LONGEST_NOTE]))
        if not self._has_heartbeat:
            self.beat()

    @property
    def should_stop(self) -> bool:
        """Someone asked to stop the job, the worker shuts down, or the job was lost to another worker.

        A task that returns after it saw True counts as cut short: stopped if that was asked for, else it is run again
        from the start, so it must keep its own place.
        """
        if not self._has_heartbeat:
            self.beat()
        self.told_to_stop = self.stop_requested or self.is_lost or self._shutting_down()
        return self.told_to_stop

    def beat(self) -> None:
        """Extend the lease, store the progress, and learn whether to stop."""
        self._take(self.queue.beat(self.job, self.current))

    def look(self) -> None:
        """Learn whether to stop, without writing."""
        self._take(self.queue.is_asked_to_stop(self.job))

    def _take(self, answer: bool | None) -> None:
        self.is_lost = answer is None
        self.stop_requested = bool(answer)


class Heartbeat:
    """A thread beside the task, on a database connection of its own, that extends the lease every third of it.

    Each second it stores new progress and looks whether a stop was asked for. On SQLite it waits while the task holds
    a write transaction; such transactions must stay shorter than the lease.
    """

    def __init__(self, ctx: JobContext) -> None:
        self.ctx = ctx
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        every = self.ctx.queue.lease.total_seconds() / 3
        tick = min(_TICK, every)
        last_beat, stored = time.monotonic(), self.ctx.current
        try:
            while not self._over.wait(tick) and not self.ctx.is_lost:
                progress = self.ctx.current
                writes = progress is not stored or time.monotonic() - last_beat >= every
                if self._ask(self.ctx.beat if writes else self.ctx.look) and writes:
                    last_beat, stored = time.monotonic(), progress
        finally:
            connection.close()

    def _ask(self, question: Callable[[], None]) -> bool:
        try:
            question()
        except DatabaseError:  # a busy or restarting database: the next tick tries again while the lease lasts
            log.warning("Job %s: the heartbeat failed.", self.ctx.job_id, exc_info=True)
            connection.close()
            return False
        if self.ctx.is_lost:
            log.error("Job %s: its lease ran out and another worker has it.", self.ctx.job_id)
        return True
