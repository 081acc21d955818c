"""The process that runs jobs: claim, run, finish, again; and between jobs schedules, dead workers and change readers.

One process runs one job at a time; start several for more. SIGTERM or SIGINT ends it cleanly: nothing new is claimed,
the running job may finish within the grace period, and is handed back to the queue otherwise. SIGKILL is safe too:
the lease runs out and another worker runs the job again.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

from django.db import close_old_connections, connections
from django.utils import timezone

from rapport.kernel.access.current import no_workspace, use_workspace
from rapport.kernel.jobs.context import Heartbeat, JobContext
from rapport.kernel.jobs.holding import held_because
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import DEFAULT_LEASE, Queue
from rapport.kernel.jobs.schedules import run_due_schedules, sync_schedules
from rapport.kernel.jobs.tasks import GiveUp, declared, load_tasks

log = logging.getLogger("rapport.jobs")

_PR_SET_PDEATHSIG = 1
_SLICE = 0.1  # the longest a signal waits for an idle runner to notice it
_SCHEDULES_EVERY = 1.0
_CONNECTIONS_EVERY = 60.0
_READERS_REST = 5.0  # after a reader of the change log failed
_LONGEST_PAUSE = 10.0  # between attempts to reach a database that is down


class HandBack(BaseException):
    """Raised inside a running task when the grace period is over. No `Exception`, so that no task can catch it so."""


class Shutdown:
    """Whether the process is asked to end, and the signal handlers that ask."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.is_requested = False
        self.inside_task = False

    def request(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End after the running job; the second time, or when the grace period is over, end now."""
        if self.is_requested:
            self.hand_back()
        self.is_requested = True
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, max(self.grace, 0.001))  # 0 would mean never

    def hand_back(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Break off the running task, if there is one."""
        if self.inside_task:
            self.inside_task = False
            raise HandBack

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Listen to the signals inside the block; only the main thread may, so elsewhere nothing happens."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers = {signal.SIGTERM: self.request, signal.SIGINT: self.request}
        if hasattr(signal, "SIGALRM"):
            handlers[signal.SIGALRM] = self.hand_back
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)


def worker_name() -> str:
    """A name no other worker has or had: machine, process, and a random end."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def die_with_parent() -> None:
    """Let Linux kill this process when the one that started it dies, so that no orphan goes on with old code.

    SIGKILL: it cannot be missed, and leases make it safe. Trap: Linux counts the death of the parent's *thread* that
    started the process, so a supervisor starts runners from its main thread.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the call above
        os._exit(1)


def perform(queue: Queue, job: Job, *, shutdown: Shutdown | None = None, heartbeat: bool = True) -> None:
    """Run one claimed job to its end, whatever that is, and record it."""
    shutdown = shutdown or Shutdown(0)
    ctx = JobContext(job, queue, shutting_down=lambda: shutdown.is_requested, has_heartbeat=heartbeat)
    try:
        with Heartbeat(ctx) if heartbeat else nullcontext():
            result = _call(job, ctx, shutdown)
    except HandBack:
        log.warning("Job %s (%s) is handed back: the worker shuts down.", job.pk, job.task)
        connections.close_all()  # the task was broken off anywhere, perhaps inside a transaction
        queue.give_back(job, ctx.current)
        return
    except (Exception, SystemExit) as error:  # the edge of the job: kept in the row and logged, never dropped
        _record_failure(queue, job, error)
        return
    _record_end(queue, job, ctx, result)


def _call(job: Job, ctx: JobContext, shutdown: Shutdown) -> object:
    known = declared(job.task)
    if known is None:
        # Retried like a failure: during an update an old worker may meet a job of the new version.
        raise LookupError(f"This worker knows no declared task {job.task!r}.")
    if shutdown.is_requested:
        raise HandBack
    with no_workspace() if job.workspace_id is None else use_workspace(job.workspace_id):
        shutdown.inside_task = True
        try:
            return known.call(ctx, dict(job.args))
        finally:
            shutdown.inside_task = False


def _record_failure(queue: Queue, job: Job, error: BaseException) -> None:
    log.error("Job %s (%s) failed in attempt %s.", job.pk, job.task, job.attempts, exc_info=error)
    text = "".join(traceback.format_exception(error))
    if not queue.fail(job, text, again=not isinstance(error, GiveUp)):
        log.error("Job %s (%s): its failure is not recorded, another worker has the job.", job.pk, job.task)


def _record_end(queue: Queue, job: Job, ctx: JobContext, result: object) -> None:
    if ctx.told_to_stop:
        ours = queue.stopped(job, ctx.current) if ctx.stop_requested else queue.give_back(job, ctx.current)
    else:
        try:
            ours = queue.finish(job, result, ctx.current)
        except (TypeError, ValueError) as error:  # what it returned cannot be stored; running it again would not help
            _record_failure(queue, job, GiveUp(f"The task returned what is not JSON: {error}"))
            return
    if not ours:
        log.error("Job %s (%s) ended here, but another worker has it: its result is dropped.", job.pk, job.task)


def run_due(limit: int = 100, *, clock: Callable[[], dt.datetime] = timezone.now) -> int:
    """Run the jobs that are due, here and now in this process; returns how many. For tests and commands."""
    queue = Queue("in-process", clock=clock)
    for count in range(limit):
        job = queue.claim()
        if job is None:
            return count
        perform(queue, job, heartbeat=False)
    return limit


class Runner:
    """The endless loop of one worker process."""

    def __init__(self, queue: Queue, shutdown: Shutdown) -> None:
        self.queue = queue
        self.shutdown = shutdown
        self.readers = _change_readers()
        self._next: dict[str, float] = {}

    def turn(self) -> bool:
        """One round: upkeep that is due, one job, the change readers. Whether there was anything to do."""
        if self._is_time("connections", _CONNECTIONS_EVERY):
            close_old_connections()
        if held_because():  # a restored installation sends nothing twice
            return False
        if self._is_time("schedules", _SCHEDULES_EVERY):
            run_due_schedules(self.queue.clock)
        if self._is_time("reap", self.queue.lease.total_seconds() / 3):
            self.queue.reap()
        due = self.queue.next_due()
        job = self.queue.claim() if due is not None and due <= self.queue.clock() else None
        if job is not None:
            perform(self.queue, job, shutdown=self.shutdown)
        return self._read_changes() or job is not None

    def _read_changes(self) -> bool:
        if self.shutdown.is_requested or time.monotonic() < self._next.get("readers", 0.0):
            return False
        try:
            return bool(self.readers())
        except Exception:  # an edge like that of a job: a broken reader must not hold up the jobs
            log.exception("Worker %s: a reader of the change log failed.", self.queue.worker)
            self._next["readers"] = time.monotonic() + _READERS_REST
            return False

    def _is_time(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True


def _change_readers() -> Callable[[], object]:
    """The readers of the change log, run after each poll; nothing where the kernel has none yet."""
    try:
        from rapport.kernel.changes.readers import run_readers
    except ModuleNotFoundError as error:
        if error.name != "rapport.kernel.changes.readers":
            raise
        return lambda: None
    return run_readers


def run_forever(
    *,
    lease: dt.timedelta = DEFAULT_LEASE,
    poll: tuple[float, float] = (0.2, 1.0),
    grace: float = 20.0,
    with_parent: bool = True,
) -> None:
    """Run jobs until SIGTERM or SIGINT. Polls between `poll[0]` after work and `poll[1]` seconds when idle."""
    if with_parent:
        die_with_parent()
    load_tasks()
    shutdown = Shutdown(grace)
    runner = Runner(Queue(worker_name(), lease=lease), shutdown)
    log.info("Worker %s starts.", runner.queue.worker)
    with shutdown.signals():
        _loop(runner, poll)
    log.info("Worker %s ends.", runner.queue.worker)


def _loop(runner: Runner, poll: tuple[float, float]) -> None:
    shortest, longest = poll
    pause, failures, synced = shortest, 0, False
    while not runner.shutdown.is_requested:
        try:
            if not synced:
                sync_schedules(runner.queue.clock)
                synced = True
            worked, failures = runner.turn(), 0
        except Exception:  # the edge of the worker: a database that is down must not end it
            log.exception("Worker %s: a round failed.", runner.queue.worker)
            connections.close_all()
            worked, failures = False, failures + 1
        if worked:
            pause = shortest
            continue
        _sleep(runner.shutdown, min(longest * 2**failures, _LONGEST_PAUSE) if failures else pause)
        pause = min(pause * 1.5, longest)


def _sleep(shutdown: Shutdown, seconds: float) -> None:
    # In slices, not in an Event: setting an Event from a signal handler can deadlock with the wait it interrupts.
    until = time.monotonic() + seconds
    while not shutdown.is_requested and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _SLICE))
