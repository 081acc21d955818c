"""How long each test takes on the processor; the fast run fails for one that takes far too long (see slow_list.py)."""

from __future__ import annotations

import os
import resource
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.platform.slow_list import FAR_TOO_LONG, IS_FAST, MOST, function_of, is_left_out_anyway, write_down

_SPENT = pytest.StashKey[float]()


def spent() -> float:
    """Seconds of the processor that this process and those it has waited for took."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Measure the test itself: what is set up once for many is nobody's fault."""
    before = spent()
    try:
        return (yield)
    finally:
        item.stash[_SPENT] = spent() - before
        if not is_left_out_anyway(item):
            item.user_properties.append(("seconds", item.stash[_SPENT]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """In the fast run a test that takes far too long fails."""
    report = yield
    took = item.stash.get(_SPENT, 0.0)
    if IS_FAST and report.when == "call" and report.passed and took > FAR_TOO_LONG:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} took {took:.1f} s of the processor; ./test --fast takes tests of less than {MOST} s.\n"
            f"Make it faster, or put {function_of(item.nodeid)} into tests/slow.txt."
        )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After a whole run, write down which functions are slow by what was measured just now."""
    most: dict[str, float] = defaultdict(float)
    for report in (one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ())):
        for name, value in getattr(report, "user_properties", ()):
            if name == "seconds":
                most[function_of(report.nodeid)] = max(most[function_of(report.nodeid)], value)
    if len(most) > 1_000 and not IS_FAST and "DATABASE_URL" not in os.environ:
        write_down(name for name, seconds in most.items() if seconds > MOST)
