"""The benchmarks run: every case answers, statements are caught and judged, the table comes out. No timing is asserted."""

from __future__ import annotations

import pytest
from django.db import connection

from benchmarks import cases, duplicates, imports, plans
from benchmarks.__main__ import arguments
from benchmarks.measure import run_case
from benchmarks.table import machine, markdown
from rapport.surfaces.cli.main import main
from tests.cast import Cast


@pytest.mark.django_db
@pytest.mark.slow
def test_a_tiny_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "BUSY_ENTRIES", 60)
    monkeypatch.setattr(imports, "ROWS", 40)
    world, made = cases.World.of_size(200)
    found = [run_case(case, world, 1) for case in cases.cases(world)]
    assert all(0 < one["p50"] <= one["p95"] for one in found)
    assert all(one["raw"] is not None and one["statements"] > 0 for one in found if not one["name"].startswith("write"))
    pace = imports.import_pace(world)
    assert pace["door"] > 0 and pace["bare"] > 0
    table = markdown({"database": "x", "customers": 200, "sample": made, "cases": found, "import": pace})
    assert "| search |" in table and f"{made['records']:,} records" in table


@pytest.mark.django_db
@pytest.mark.slow
def test_whole_tables_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement without an index is found out, one with an index is not."""
    world, _made = cases.World.of_size(60)
    monkeypatch.setattr(plans, "_SMALL", 5)
    plans._rows.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    quoted = '"customers_customer"'
    whole = plans.judge([(f"SELECT note FROM {quoted} WHERE note = %s", ("x",))])
    assert whole and "customers_customer" in whole[0]
    assert not plans.judge([(f"SELECT note FROM {quoted} WHERE id = %s", (world.customers[0].replace("-", ""),))]) or (
        connection.vendor == "postgresql"  # its planner reads a table of one page whole, and is right
    )
    plans._rows.cache_clear()


def test_options_are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    args = arguments(argparse.ArgumentParser()).parse_args(["--sizes", "10", "--databases", "sqlite"])
    assert (args.sizes, args.databases, args.rounds) == ("10", "sqlite", 60)
    assert main(["bench", "--help"]) == 0
    assert "--databases" in capsys.readouterr().out
    assert "Python" in machine()


@pytest.mark.django_db
def test_doubles_are_measured(cast: Cast) -> None:
    """A small run of the program behind benchmarks/results/duplicates.md: most doubles are found, few are wrong."""
    lines = list(duplicates.measure(cast.home, cast.ana, 400, 0.1))
    assert lines[1].startswith("scan of 400 people") and "found" in lines[2] and "precision" in lines[3] and len(lines) == 10
    precision, recall = (float(part.split()[1]) for part in lines[3].split(", ")[1:3])
    assert precision > 0.85 and recall > 0.6
    assert len(list(duplicates.measure(cast.home, cast.ana, 50, 0.1, bare=True))) == 6
