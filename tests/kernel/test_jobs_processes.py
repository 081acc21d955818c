"""Background work with real worker processes and threads: killed, orphaned, racing."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from rapport.kernel.jobs import schedules
from rapport.kernel.jobs.context import Heartbeat, JobContext
from rapport.kernel.jobs.models import Job, Schedule
from rapport.kernel.jobs.queue import Progress, Queue, request_stop
from rapport.kernel.jobs.tasks import enqueue
from tests.kernel.test_jobs import fresh, remember, where

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import datetime as dt, os, sys, time
import django
django.setup()
from rapport.kernel.jobs.runner import run_forever
from rapport.kernel.jobs.tasks import job

@job(name="test.slow", max_attempts=3)
def slow(ctx, *, path, seconds):
    with open(path, "a") as file:
        file.write(f"begin {os.getpid()}\\n")
    until = time.monotonic() + (seconds if ctx.attempt == 1 else 0)
    while time.monotonic() < until:
        time.sleep(0.02)
    with open(path, "a") as file:
        file.write(f"end {os.getpid()}\\n")

@job(name="test.quick")
def quick(ctx, *, path):
    with open(path, "a") as file:
        file.write("quick\\n")

print("up", flush=True)
run_forever(lease=dt.timedelta(seconds=2), poll=(0.05, 0.1), grace=float(sys.argv[1]))
"""


@pytest.fixture
def shared_database(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """A database that other processes and threads can open; yields the environment that leads them to it."""
    # The real settings: those of the tests would move the data folder away from the one given here.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "rapport.project.settings"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
    options = connection.settings_dict
    if connection.vendor == "postgresql":
        user, password, name = (quote(options[part] or "", safe="") for part in ("USER", "PASSWORD", "NAME"))
        host, port = options["HOST"] or "", options["PORT"] or ""
        yield environment | {"DATABASE_URL": f"postgres://{user}:{password}@/{name}?host={quote(host)}&port={port}"}
        return
    # The real settings know one place for SQLite, so a copy of the test database stands there, for this thread too.
    target = tmp_path / "rapport.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM INTO '{target}'")
    original = connections["default"]
    monkeypatch.setitem(connections.settings, "default", {**connections.settings["default"], "NAME": str(target)})
    connections["default"] = connections.create_connection("default")
    yield {key: value for key, value in environment.items() if key != "DATABASE_URL"} | {"RAPPORT_DATA": str(tmp_path)}
    connections["default"].close()
    connections["default"] = original


def wait_for(what: Callable[[], object], seconds: float = 20) -> None:
    """Poll until it is so, or fail."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.02)


@pytest.fixture
def start_worker(shared_database: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts real worker processes on the test's database, and ends them."""
    started: list[subprocess.Popen[str]] = []

    def start(grace: float = 10) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WORKER, str(grace)]
        process = subprocess.Popen(command, env=shared_database, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def insert(task: str, **args: object) -> Job:
    """A job of a task that only the worker process knows."""
    return Job.objects.create(task=task, args=args, max_attempts=3)


def lines(path: Path) -> list[str]:
    """What the workers wrote."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_repeats_nothing_finished(start_worker: Callable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = start_worker()
    done = insert("test.quick", path=str(out))
    wait_for(lambda: fresh(done).status == "done")
    row = insert("test.slow", path=str(out), seconds=60)
    wait_for(lambda: len(lines(out)) == 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert fresh(row).status == "running"
    second = start_worker()
    wait_for(lambda: fresh(row).status == "done")
    assert lines(out) == ["quick", f"begin {first.pid}", f"begin {second.pid}", f"end {second.pid}"]
    assert (fresh(row).attempts, fresh(done).attempts) == (2, 1)


@pytest.mark.slow
def test_a_heartbeat_keeps_a_long_job_and_sigterm_lets_it_finish(start_worker: Callable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second = start_worker(), start_worker()
    row = insert("test.slow", path=str(out), seconds=4.5)  # more than twice the lease
    wait_for(lambda: lines(out))
    mine = first if lines(out) == [f"begin {first.pid}"] else second
    mine.send_signal(signal.SIGTERM)
    assert mine.wait(timeout=20) == 0
    assert (fresh(row).status, fresh(row).attempts) == ("done", 1)
    assert lines(out) == [f"begin {mine.pid}", f"end {mine.pid}"]


@pytest.mark.slow
def test_after_the_grace_period_the_job_is_handed_back(start_worker: Callable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    worker = start_worker(grace=0.2)
    row = insert("test.slow", path=str(out), seconds=60)
    wait_for(lambda: lines(out))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert (fresh(row).status, fresh(row).attempts, fresh(row).worker) == ("ready", 0, "")


@pytest.mark.slow
def test_a_killed_parent_leaves_no_orphan(shared_database: dict[str, str], tmp_path: Path) -> None:
    code = f"import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {WORKER!r}, '5']);" + (
        " print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=shared_database, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert parent.stdout.readline() == "up\n"
    row = insert("test.quick", path=str(tmp_path / "out"))
    wait_for(lambda: fresh(row).status == "done")
    parent.kill()
    parent.wait()
    try:
        wait_for(lambda: not _is_alive(child))
    finally:
        parent.stdout.close()
        if _is_alive(child):
            os.kill(child, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


@pytest.mark.usefixtures("shared_database")
def test_racing_runners_take_each_job_and_each_turn_once() -> None:
    Schedule.objects.create(name="race", task="test.where", every_seconds=3600, next_run=timezone.now())
    for number in range(40):
        enqueue(remember, what=number)
    barrier = threading.Barrier(4)
    taken: list[UUID] = []
    turns: list[int] = []

    def race(name: str) -> None:
        try:
            barrier.wait()
            turns.append(schedules.run_due_schedules())
            queue = Queue(name)
            while (row := queue.claim()) is not None:
                taken.append(row.pk)
                assert queue.finish(row, None, Progress())
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == [0, 0, 0, 1]
    assert len(taken) == len(set(taken)) == 41
    assert Job.objects.filter(status="done").count() == 41


@pytest.mark.postgres_only  # SQLite has one writer: progress waits for the task's transaction there
@pytest.mark.usefixtures("shared_database")
def test_progress_is_seen_while_the_task_holds_its_own_transaction_open() -> None:
    row = enqueue(remember)
    queue = Queue("me", lease=dt.timedelta(seconds=0.3))
    ctx = JobContext(queue.claim(), queue, has_heartbeat=True)
    with Heartbeat(ctx), transaction.atomic():
        enqueue(where)
        ctx.progress(1, 2)
        wait_for(lambda: fresh(row).progress_done == 1)
        request_stop_elsewhere = threading.Thread(target=_stop_and_close, args=(row,))
        request_stop_elsewhere.start()
        wait_for(lambda: ctx.should_stop)
    request_stop_elsewhere.join()


def _stop_and_close(row: Job) -> None:
    try:
        request_stop(row)
    finally:
        connection.close()
