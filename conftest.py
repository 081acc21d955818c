"""What every test shares: which tests a pass runs, what a missing program means, and the counts at the end.

Plugins: the cast (tests/cast.py), browsers (tests/platform/browsers.py), server processes (tests/platform/servers.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import translation

from tests.platform.programs import find_chromium
from tests.platform.slow_list import IS_FAST, demand_a_choice_of_everything, function_of, slow_functions

pytest_plugins = [
    "tests.platform.ready_made", "tests.platform.memory", "tests.platform.pace", "tests.platform.browsers",
    "tests.platform.servers", "tests.cast", "tests.access.statements",
]  # fmt: skip

LEFT_OUT_WHEN_FAST = ("browser", "process", "slow")
LEFT_OUT_ON_SQLITE = ("postgres_only",)
# Pages look the same on both databases, and processes and files do not ask which one there is.
LEFT_OUT_ON_POSTGRESQL = ("sqlite_only", "once", "browser", "process")
#: So many tests are collected only when all are.
WHOLE = 2_000
OUTCOMES = {
    "passed": ("passed", "xpassed"),
    "failed": ("failed", "error"),
    "skipped": ("skipped", "xfailed"),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this pass does not run; skip what cannot run here, or let it fail where nothing may be missing."""
    left_out = set(LEFT_OUT_ON_SQLITE if connection.vendor == "sqlite" else LEFT_OUT_ON_POSTGRESQL)
    if IS_FAST:
        left_out.update(LEFT_OUT_WHEN_FAST)
    if os.environ.get("RAPPORT_TEST_STAND_IN") == "postgresql":
        left_out = set(LEFT_OUT_ON_POSTGRESQL)
    slow = slow_functions() if IS_FAST else set()
    kept, dropped = [], []
    for item in items:
        names = {mark.name for mark in item.iter_markers()}
        if function_of(item.nodeid) in slow:
            names.add("slow")
        # A test for PostgreSQL that needs processes or runs once still belongs to the PostgreSQL pass.
        if "postgres_only" in names and "postgres_only" not in left_out:
            names -= {"once", "process"}
        (dropped if names & left_out else kept).append(item)
    if IS_FAST and len(items) > WHOLE:
        demand_a_choice_of_everything(kept, dropped)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    _skip_what_cannot_run(items)


@pytest.fixture(autouse=True)
def language_of_the_default() -> Iterator[None]:
    """A request in another language leaves it in force for its thread; the next test begins in English."""
    yield
    translation.deactivate()


def _skip_what_cannot_run(items: list[pytest.Item]) -> None:
    if reason := os.environ.get("RAPPORT_TEST_SKIP_ALL"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))
    # With CI=true nothing may be missing: the test runs and fails.
    if os.environ.get("CI") != "true" and not find_chromium():
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium is missing: sudo apt install chromium"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests measured, and hand the counts to ./test, which adds up its passes."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")
    if path := os.environ.get("RAPPORT_TEST_COUNTS"):
        stats = terminalreporter.stats
        counts = {name: sum(len(stats.get(key, ())) for key in keys) for name, keys in OUTCOMES.items()}
        Path(path).write_text(json.dumps(counts), encoding="ascii")
