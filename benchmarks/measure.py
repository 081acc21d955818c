"""Measures one installation: `python -m benchmarks.measure CUSTOMERS ROUNDS FILE`, with RAPPORT_DATA or DATABASE_URL set.

An installation that holds a sample of that size already is used as it is, so that changes can be compared quickly.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rapport.project.sqlite import use_bundled_sqlite


def main() -> int:
    """Prepare, make the sample, run every case, write the figures as JSON."""
    customers, rounds, report = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    use_bundled_sqlite()
    import django

    django.setup()
    # Only now may models be imported.
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.cases import World, cases
    from benchmarks.imports import import_pace

    call_command("migrate", verbosity=0, interactive=False)
    world, made = World.of_size(customers)
    _analyze(connection)
    found = [run_case(case, world, rounds) for case in cases(world)]
    figures = {
        "database": _name(connection), "customers": customers, "sample": made, "cases": found,
        "import": import_pace(world),
    }  # fmt: skip
    report.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


def run_case(case: object, world: object, rounds: int) -> dict[str, object]:
    """Times of one case in milliseconds, its statements alone, and what the planner does with them."""
    from benchmarks.plans import captured, judge, raw_time

    turns = [lambda turn=turn: case.run(world, turn) for turn in range(max(rounds, 4))]  # type: ignore[attr-defined]
    for turn in turns[:4]:
        turn()
    both = [_milliseconds(turn) for turn in turns[:rounds]]
    times, work = sorted(wall for wall, _cpu in both), sorted(cpu for _wall, cpu in both)
    statements = captured(turns[0])
    return {
        "name": case.name, "p50": _at(times, 0.5), "p95": _at(times, 0.95), "cpu": _at(work, 0.5), "statements": len(statements),  # type: ignore[attr-defined]
        "raw": None if case.writes else raw_time(statements), "plan": judge(statements),  # type: ignore[attr-defined]
    }  # fmt: skip


def _milliseconds(turn: Callable[[], object]) -> tuple[float, float]:
    """By the clock, and of this process's own computing, which other programs on the machine hardly touch."""
    started, worked = time.perf_counter(), time.process_time()
    turn()
    return (time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]


def _analyze(connection: object) -> None:
    """Give the planner its statistics, as autovacuum and the job runner do in time."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("ANALYZE")


def _name(connection: object) -> str:
    if connection.vendor == "sqlite":  # type: ignore[attr-defined]
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {connection.pg_version // 10000}"  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
