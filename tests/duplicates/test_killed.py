"""kill -9 at every step of a merge and of taking it back: whole, or not at all."""

from __future__ import annotations

import os
import signal
import traceback

import pytest
from django.db import connection, connections

from rapport.engines.duplicates.merging import merge_now
from rapport.engines.duplicates.models import Merge, MergeMove
from rapport.engines.duplicates.unmerging import unmerge
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.verify import verify_log
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make
from tests.kernel.test_jobs_processes import shared_database

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
CUSTOMER = registry.get("customer")
__all__ = ["shared_database"]


def in_a_child(work: object, *, dies_at: int) -> bool:
    """Run in a process of its own that kills itself before its n-th writing statement; whether it came to its end."""
    told, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        with os.fdopen(told) as words:
            problem = words.read()
        _pid, status = os.waitpid(child, 0)
        assert not problem, problem
        return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    try:
        # The parent's own stays the parent's. Where a browser ran before, a child does not even see it: Playwright keeps an
        # event loop in this thread, and connections are kept apart inside a loop and outside one, where the child is.
        connections["default"] = connections.create_connection("default")
        left = [dies_at]

        def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
            if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            work()  # type: ignore[operator]
        os._exit(0)
    except BaseException:
        os.write(tell, traceback.format_exc().encode())
        os._exit(3)


def test_killed_at_any_step_it_is_whole_or_not_at_all(
    committed_cast: Cast, shared_database: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """The state after each death is the one before; then it is done, and taken back in the same way."""
    cast, workspace = committed_cast, committed_cast.home
    with use_workspace(workspace):
        ctx = cast.ctx("ana")
        one = make(cast.system, "customer", kind="person", name="Maya", emails=["maya@example.org"])
        other = make(cast.system, "customer", kind="person", name="Maja", phones="+353 1 555 0142")
        for _n in range(3):
            make(cast.system, "task", customer=other.pk)
            make(cast.system, "activity", customer=other.pk)

        def state() -> object:
            rows = [sorted(info.model.objects.order_by("pk").values_list("pk", "version", "deleted_at"))
                    for info in (CUSTOMER, registry.get("task"), registry.get("activity"))]  # fmt: skip
            tasks = list(registry.get("task").model.objects.order_by("pk").values_list("pk", "customer_id"))
            log = Change.objects.filter(workspace=workspace).count()
            merges = list(Merge.objects.filter(workspace=workspace).values_list("state", flat=True))
            return rows, tasks, log, merges, MergeMove.objects.filter(workspace=workspace).count()

        def undo() -> None:
            unmerge(ctx, Merge.objects.get(workspace=workspace))

        for work in (lambda: merge_now(ctx, CUSTOMER, one.pk, other.pk, {}), undo):
            before, step = state(), 1
            while not in_a_child(work, dies_at=step):
                assert state() == before, f"died at step {step}"
                step += 5
                assert step < 400
            assert state() != before and step > 12
        assert Merge.objects.get(workspace=workspace).state == Merge.UNDONE
        assert set(registry.get("task").model.objects.values_list("customer_id", flat=True)) == {other.pk}
        assert verify_log(workspace).is_whole
