"""Background work: nothing is lost when a worker dies, nothing finished runs twice, and errors are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import base as foreign

from rapport.kernel.access.current import current_workspace_id, use_workspace
from rapport.kernel.errors import Conflict, NoWorkspace, Refused
from rapport.kernel.ids import new_id
from rapport.kernel.jobs import runner as runner_module
from rapport.kernel.jobs import schedules, tasks
from rapport.kernel.jobs.backend import JobBackend
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job, Schedule
from rapport.kernel.jobs.queue import Progress, Queue, purge, request_stop, retry
from rapport.kernel.jobs.runner import Runner, Shutdown, perform, run_due
from rapport.kernel.jobs.tasks import GiveUp, enqueue, job

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
seen: list[object] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


@job(name="test.remember", max_attempts=3)
def remember(ctx: JobContext, *, what: object = None) -> dict[str, object]:
    """Keeps what it was given."""
    seen.append(what)
    return {"what": what}


@job(name="test.fail", max_attempts=3, priority=5)
def fail(ctx: JobContext, *, say: str = "no luck", for_ever: bool = False) -> None:
    """Fails."""
    seen.append(ctx.attempt)
    raise GiveUp(say) if for_ever else RuntimeError(say)


@job(name="test.where")
def where(ctx: JobContext) -> None:
    """Notes the workspace it runs in."""
    try:
        seen.append(current_workspace_id())
    except NoWorkspace:
        seen.append(None)


@job(name="test.until_stopped")
def until_stopped(ctx: JobContext) -> None:
    """Stops itself after two steps, as a person would."""
    for step in range(100):
        if ctx.should_stop:
            return
        ctx.progress(step, 100, "Step")
        if step == 2:
            request_stop(Job.objects.get(pk=ctx.job_id))


@job(name="test.not_json")
def not_json(ctx: JobContext) -> object:
    """Returns what cannot be stored."""
    seen.append("ran")
    return object()


def add_numbers(a: int, b: int) -> int:
    """A function as another package would declare it with django_tasks."""
    return a + b


def at(seconds: float) -> Callable[[], dt.datetime]:
    """A clock that stands still, so many seconds from now."""
    moment = timezone.now() + dt.timedelta(seconds=seconds)
    return lambda: moment


def fresh(row: Job) -> Job:
    """The row as it is now."""
    return Job.objects.get(pk=row.pk)


# -- running and failing --------------------------------------------------------------------------------------------


def test_a_job_runs_once_and_keeps_its_result() -> None:
    row = enqueue(remember, what=[1, "a"])
    assert (run_due(), run_due(), seen) == (1, 0, [[1, "a"]])
    row = fresh(row)
    assert (row.status, row.result, row.attempts, row.worker) == ("done", {"what": [1, "a"]}, 1, "")
    assert row.finished_at and row.is_finished


def test_a_failure_is_retried_with_growing_waits_and_then_kept() -> None:
    row = enqueue(fail)
    waits = []
    later = 0.0
    for _attempt in range(3):
        assert run_due(clock=at(later)) == 1
        row = fresh(row)
        waits.append((row.run_after - timezone.now()).total_seconds() - later)
        assert run_due(clock=at(later + 5)) == 0
        later += 120
    assert 9 < waits[0] <= 15 and 39 < waits[1] <= 60
    assert (row.status, row.attempts, seen) == ("failed", 3, [1, 2, 3])
    assert "RuntimeError: no luck" in row.error and "Traceback" in row.error
    retry(row)
    assert (row.status, row.attempts, bool(row.error)) == ("ready", 0, True)
    run_due()
    assert seen[-1] == 1


def test_only_ended_jobs_are_retried() -> None:
    row = enqueue(remember)
    with pytest.raises(Conflict):
        retry(row)


def test_a_task_that_gives_up_is_not_tried_again() -> None:
    row = enqueue(fail, for_ever=True)
    run_due()
    assert fresh(row).status == "failed" and "GiveUp" in fresh(row).error


def test_an_error_text_that_no_database_takes_is_kept_all_the_same() -> None:
    row = enqueue(fail)
    queue = Queue("me")
    taken = queue.claim()
    assert queue.fail(taken, "x" * 50_000 + " nul \0 half \ud800 end")
    assert fresh(row).error.endswith(" nul \ufffd half ? end") and len(fresh(row).error) == 20_000


def test_a_result_that_is_not_json_fails_without_running_again() -> None:
    row = enqueue(not_json)
    run_due()
    assert (fresh(row).status, seen) == ("failed", ["ran"])
    assert "not JSON" in fresh(row).error


def test_urgent_jobs_first_then_the_oldest_and_none_before_its_time() -> None:
    for what, priority, seconds in [("late", 50, 60), ("b", 0, -1), ("a", 0, -2), ("urgent", 9, 0)]:
        enqueue(remember, what=what, priority=priority, run_after=at(seconds)())
    run_due()
    assert seen == ["urgent", "a", "b"]
    run_due(clock=at(61))
    assert seen[-1] == "late"


# -- what may be enqueued -------------------------------------------------------------------------------------------


def test_an_unknown_path_is_refused_and_never_imported() -> None:
    with pytest.raises(Refused):
        enqueue("os.system", command="true")
    row = Job.objects.create(task="os.system", args={"command": "true"}, max_attempts=1)
    run_due()
    assert fresh(row).status == "failed" and "knows no declared task" in fresh(row).error


def test_arguments_are_checked_where_they_are_written() -> None:
    for wrong in [{"wat": 1}, {"what": object()}, {"what": new_id()}]:
        with pytest.raises(TypeError):
            enqueue(remember, **wrong)
    for wrong in [{"what": "x" * 70_000}, {"what": "a\0"}, {"what": "\ud800"}, {"what": float("nan")}]:
        with pytest.raises(ValueError):
            enqueue(remember, **wrong)
    with pytest.raises(ValueError):
        enqueue(remember, run_after=dt.datetime(2026, 1, 1))
    with pytest.raises(ValueError):
        enqueue(remember, priority=101)
    assert not Job.objects.exists()


def test_a_path_means_one_function_and_own_words_are_not_arguments() -> None:
    with pytest.raises(ValueError, match="twice"):
        job(name="test.remember")(where.function)
    with pytest.raises(ValueError, match="key"):

        @job(name="test.key")
        def with_key(ctx: JobContext, *, key: str) -> None:
            """Never declared."""


def test_a_job_belongs_to_the_callers_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(remember)
        raise RuntimeError
    assert run_due() == 0


def test_a_key_is_used_once_per_task_and_workspace_also_after_the_job_is_done() -> None:
    one, two = new_id(), new_id()
    row = enqueue(remember, key="mail", workspace=one, what=1)
    assert enqueue(remember, key="mail", workspace=one, what=2) == row
    run_due()
    with transaction.atomic():
        assert enqueue(remember, key="mail", workspace=one, what=3).status == "done"
        enqueue(remember, key="mail", workspace=two, what=4)
        enqueue(remember, key="mail", what=5)
        enqueue(where, key="mail", workspace=one)
    run_due()
    assert [what for what in seen if isinstance(what, int)] == [1, 4, 5]


def test_a_job_runs_in_its_workspace_and_one_without_in_none() -> None:
    mine, other = new_id(), new_id()
    enqueue(where, workspace=mine)
    enqueue(where)
    with use_workspace(other):
        run_due()
    assert seen == [mine, None]


# -- stopping and progress ------------------------------------------------------------------------------------------


def test_a_stop_request_ends_a_waiting_job_and_reaches_a_running_one() -> None:
    waiting = enqueue(remember, run_after=at(60)())
    request_stop(waiting)
    assert waiting.status == "stopped"
    running = enqueue(until_stopped)
    run_due()
    running = fresh(running)
    assert (running.status, running.progress_done, running.progress_total) == ("stopped", 2, 100)
    retry(waiting)
    run_due()
    assert fresh(waiting).status == "done"


def test_a_failed_job_that_was_asked_to_stop_is_not_retried() -> None:
    row = enqueue(fail)
    queue = Queue("me")
    taken = queue.claim()
    request_stop(row)
    queue.fail(taken, "why")
    assert (fresh(row).status, fresh(row).error) == ("stopped", "why")


def test_a_shutdown_gives_the_job_back_without_counting_the_attempt() -> None:
    row = enqueue(until_stopped)
    shutdown = Shutdown(5)
    queue = Queue("me")
    taken = queue.claim()
    shutdown.is_requested = True
    ctx = JobContext(taken, queue, shutting_down=lambda: True)
    runner_module._record_end(queue, taken, ctx, until_stopped(ctx))
    assert (fresh(row).status, fresh(row).attempts) == ("ready", 0)


# -- leases ---------------------------------------------------------------------------------------------------------


def test_a_dead_workers_job_is_run_by_another_and_the_dead_one_cannot_finish_it() -> None:
    row = enqueue(remember, what="x")
    dead, alive = Queue("dead"), Queue("alive", clock=at(31))
    lost = dead.claim()
    assert dead.claim() is None and alive.claim() is None
    assert Queue("other", clock=at(29)).reap() == 0
    assert alive.reap() == 1
    taken = alive.claim()
    assert taken == row and taken.attempts == 2
    assert dead.beat(lost, Progress()) is None
    assert not dead.finish(lost, "dead", Progress()) and not dead.fail(lost, "dead")
    assert not dead.give_back(lost, Progress())
    assert alive.finish(taken, "alive", Progress(3, 3))
    assert (fresh(row).status, fresh(row).result, fresh(row).progress_done) == ("done", "alive", 3)


def test_the_same_worker_cannot_finish_an_attempt_that_it_lost() -> None:
    enqueue(remember)
    queue = Queue("me")
    first = queue.claim()
    assert Queue("me", clock=at(31)).reap() == 1
    second = Queue("me", clock=at(31)).claim()
    assert second.attempts == 2
    assert not queue.finish(first, None, Progress()) and queue.finish(second, None, Progress())


def test_a_beat_extends_the_lease() -> None:
    row = enqueue(remember)
    queue = Queue("me")
    taken = queue.claim()
    assert Queue("me", clock=at(25)).beat(taken, Progress(1, 4, "one")) is False
    assert Queue("other", clock=at(40)).reap() == 0
    assert fresh(row).progress_note == "one"
    request_stop(row)
    assert queue.beat(taken, Progress()) is True


def test_a_job_that_kills_its_workers_runs_out_of_attempts() -> None:
    row = enqueue(remember)
    for attempt in range(3):
        clock = at(100 * attempt)
        assert Queue("w", clock=clock).claim() is not None
        assert Queue("other", clock=at(100 * attempt + 31)).reap() == 1
    assert fresh(row).status == "failed" and "died" in fresh(row).error


def test_purge_drops_old_ends_but_no_failures() -> None:
    enqueue(remember)
    enqueue(fail, for_ever=True)
    run_due(clock=at(0))
    assert purge(dt.timedelta(days=1)) == 0
    Job.objects.update(finished_at=NOW - dt.timedelta(days=365))
    assert purge(dt.timedelta(days=1)) == 1
    assert [row.status for row in Job.objects.all()] == ["failed"]


def test_the_poll_is_one_query_and_uses_an_index(django_assert_num_queries: Callable) -> None:
    enqueue(remember, run_after=at(60)())
    with django_assert_num_queries(1):
        assert Queue("me").next_due() > timezone.now()
    due = Job.objects.filter(status="ready").order_by("run_after").values_list("run_after", flat=True)[:1]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a table this small is scanned unless that is forbidden
            cursor.execute("set local enable_seqscan = off")
    assert "job_ready_due" in due.explain()


# -- schedules ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_declared", {})


@pytest.mark.usefixtures("_schedules")
def test_schedules_follow_their_declarations() -> None:
    schedules.every(seconds=60)(remember)
    schedules.daily(at="03:00")(where)
    Schedule.objects.create(name="by hand", task="test.where", every_seconds=5, next_run=NOW)
    schedules.sync_schedules(lambda: NOW)
    schedules.sync_schedules(lambda: NOW + dt.timedelta(seconds=30))
    runs = dict(Schedule.objects.values_list("task", "next_run").exclude(name="by hand"))
    assert runs == {
        "test.remember": NOW + dt.timedelta(seconds=60),
        "test.where": dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC),
    }
    schedules._declared.clear()
    schedules.every(seconds=90)(remember)
    schedules.sync_schedules(lambda: NOW)
    assert sorted(Schedule.objects.values_list("name", "every_seconds")) == [
        ("by hand", 5),
        ("declared:test.remember", 90),
    ]


@pytest.mark.usefixtures("_schedules")
def test_a_turn_enqueues_once_keeps_the_beat_and_waits_for_its_last_job() -> None:
    schedules.every(seconds=60)(remember)
    schedules.sync_schedules(lambda: NOW)

    def look(seconds: int) -> tuple[int, int]:
        return schedules.run_due_schedules(lambda: NOW + dt.timedelta(seconds=seconds)), Job.objects.count()

    assert look(59) == (0, 0)
    assert look(61) == (1, 1)
    assert look(62) == (0, 1)
    assert look(119) == (0, 1)
    assert look(121) == (1, 1)  # the turn is taken, but its last job is unfinished
    run_due(clock=lambda: NOW + dt.timedelta(days=1))
    assert look(1000) == (1, 2)  # long missed: one job only
    assert Schedule.objects.get().next_run == NOW + dt.timedelta(seconds=1020)


def test_two_runners_that_read_the_same_schedule_take_its_turn_once() -> None:
    Schedule.objects.create(name="race", task="test.where", every_seconds=60, next_run=NOW)
    read_by_both = Schedule.objects.get()
    assert [schedules._take_turn(read_by_both, NOW) for _runner in range(2)] == [True, False]
    assert Job.objects.count() == 1


@pytest.mark.usefixtures("_schedules")
def test_a_schedule_of_an_unknown_task_does_not_hold_up_the_others() -> None:
    Schedule.objects.create(name="bad", task="gone", every_seconds=5, next_run=NOW)
    Schedule.objects.create(name="wrong", task="test.where", args={"x": 1}, every_seconds=5, next_run=NOW)
    Schedule.objects.create(name="good", task="test.where", every_seconds=5, next_run=NOW + dt.timedelta(seconds=1))
    assert schedules.run_due_schedules(lambda: NOW + dt.timedelta(seconds=1)) == 3
    assert [row.task for row in Job.objects.all()] == ["test.where"]


def test_daily_keeps_its_hour_when_the_clocks_change(settings: object) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]
    timezone.get_default_timezone.cache_clear()
    try:
        turns = schedules.Turns(daily_at=dt.time(2, 30))
        moment = dt.datetime(2026, 10, 24, 0, 30, tzinfo=dt.UTC)  # that is 02:30 in summer time
        following = []
        for _day in range(3):
            moment = turns.after(moment)
            following.append(moment.strftime("%d %H:%M"))
        assert following == ["25 00:30", "26 01:30", "27 01:30"]
    finally:
        timezone.get_default_timezone.cache_clear()


# -- the loop -------------------------------------------------------------------------------------------------------


def test_a_round_runs_one_job_and_a_broken_reader_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    runner = Runner(Queue("me"), Shutdown(5))
    runner.readers = lambda: 1 / 0
    enqueue(remember, what=1)
    assert runner.queue.next_due() is not None
    # Without the thread: in a test's transaction another connection sees nothing.
    job_row = runner.queue.claim()
    perform(runner.queue, job_row, shutdown=runner.shutdown, heartbeat=False)
    assert runner._read_changes() is False and "ZeroDivisionError" in caplog.text
    runner.readers = lambda: 3
    assert runner._read_changes() is False  # it rests
    runner._next.clear()
    assert runner._read_changes() is True


def test_django_tasks_functions_run_on_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = JobBackend("default", {})
    monkeypatch.setattr("django_tasks.base.Task.get_backend", lambda self: backend)
    add = foreign.task()(add_numbers)
    result = add.using(run_after=at(30)(), priority=7).enqueue(2, b=3)
    assert result.status == foreign.TaskResultStatus.READY
    row = Job.objects.get()
    assert (row.args, row.priority, row.workspace_id) == ({"a": 2, "b": 3}, 7, None)
    assert run_due() == 0 and run_due(clock=at(31)) == 1
    result.refresh()
    assert (result.status, result.return_value) == (foreign.TaskResultStatus.SUCCESSFUL, 5)


def test_tasks_are_declared_by_the_files_of_the_apps() -> None:
    tasks.load_tasks()
    assert tasks.declared("test.remember") is remember.declared
