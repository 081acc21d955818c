"""The promised figures: `python -m benchmarks.million [--databases sqlite,postgresql] [--base 10000] [--times 100]`.

A sample company of 10,000 customers is measured, made a hundred times as large (benchmarks.multiply) and measured again:
1,000,000 customers, about 3,000,000 activities and 500,000 deals, of which 5,000 are open. Each page stands beside its own
statements run by the bare driver, beside the same rows by SQL written by hand, and beside the time that is promised. With
`--folder` the company is kept there and measured again by the next call (SQLite).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from benchmarks.__main__ import ROOT, in_each_database
from benchmarks.table import machine

#: Milliseconds of server time at the 95th percentile.
PROMISED = {
    "list": 25, "list filtered by city, industry and name part": 30, "record page, 10,000 entries": 40, "board of 5,000 open": 40,
    "search as you type": 15, "write: edit a customer": 15,
}  # fmt: skip


def main() -> int:
    """Measure, in a process per database."""
    parser = argparse.ArgumentParser(prog="benchmarks.million", description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--base", type=int, default=10_000, help="customers made through the door (default 10000)")
    parser.add_argument("--times", type=int, default=100, help="how many times as large (default 100)")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--open-deals", type=int, default=5_000)
    parser.add_argument("--entries", type=int, default=10_000, help="of the busiest customer")
    parser.add_argument("--all", action="store_true", help="every page, not only those with a promise")
    parser.add_argument("--folder", default="", help="where the company is kept (SQLite)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        _inside(given)
        return 0
    words = ["--base", str(given.base), "--times", str(given.times), "--rounds", str(given.rounds)]
    words += ["--open-deals", str(given.open_deals), "--entries", str(given.entries)]
    words += ["--all"] if given.all else []
    if not given.folder:
        return in_each_database(given.databases, "benchmarks.million", *words)
    print(machine())
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"RAPPORT_DATA": given.folder, "DJANGO_SETTINGS_MODULE": "rapport.project.settings"}
    command = [sys.executable, "-m", "benchmarks.million", "--inside", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _inside(given: argparse.Namespace) -> None:
    from rapport.project.sqlite import use_bundled_sqlite

    use_bundled_sqlite()
    import django

    django.setup()
    from rapport.project.web import settle_collector

    settle_collector()  # as the server does
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.cases import World
    from benchmarks.measure import _analyze
    from benchmarks.multiply import multiply
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.records.registry import registry

    call_command("migrate", verbosity=0, interactive=False)
    world, _made = World.of_size(given.base, given.entries)
    with use_workspace(world.workspace):
        is_small = registry.get("customer").model._base_manager.count() < given.base * 2
    if is_small:
        _open_deals(world, given.open_deals)
        _analyze(connection)
        _print(world, given, f"{given.base:,}")
        for line in multiply(world.workspace, given.times):
            print(line, file=sys.stderr, flush=True)
        _analyze(connection)
    _print(world, given, f"{given.base * given.times:,}")


def _open_deals(world: object, wanted: int) -> None:
    """So many open deals as are promised, whatever the sample has."""
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.context import system_context
    from rapport.kernel.records.registry import registry

    with use_workspace(world.workspace):  # type: ignore[attr-defined]
        model, stage = registry.get("deal").model, registry.get("stage").model
        stages = stage.objects.filter(outcome="open").order_by("position")
        missing = wanted - model.objects.filter(stage__outcome="open").count()
        ctx, opened = system_context(world.workspace, "bench"), list(stages.values_list("pk", flat=True))  # type: ignore[attr-defined]
        customers = list(registry.get("customer").model.objects.values_list("pk", flat=True)[:2_000])
        ctx.create_many("deal", [
            {"name": f"Fleet of {n}", "stage": opened[n % len(opened)], "customer": customers[n % len(customers)],
             "amount": f"{n}00 EUR"}
            for n in range(max(missing, 0))
        ])  # fmt: skip


def _print(world: object, given: argparse.Namespace, size: str) -> None:
    """One table."""
    from django.db import connection

    from benchmarks.cases import cases
    from benchmarks.measure import run_case

    wanted = [*promised_cases(), *(cases(world) if given.all else [])]  # type: ignore[arg-type]
    print(f"\n### {connection.vendor}, {size} customers\n")
    heads = ["p50 ms", "p95 ms", "promised", "CPU ms", "its SQL alone ms", "its rows ms", "by hand ms", "ratio", "statements"]
    print(f"| what | {' | '.join(heads)} | index |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |", flush=True)
    for case in wanted:
        found = run_case(case, world, given.rounds)
        raw = "" if found["raw"] is None else f"{found['raw']:.1f}"
        plan = "; ".join(dict.fromkeys(str(one).partition(":")[0] for one in found["plan"]))  # type: ignore[attr-defined]
        print(f"| {found['name']} | {found['p50']:.1f} | {found['p95']:.1f} | {PROMISED.get(str(found['name']), '')} | "
              f"{found['cpu']:.1f} | {raw} | {_beside(case, world)} | {found['statements']} | "
              f"{plan or 'yes'} |", flush=True)  # fmt: skip


def _beside(case: object, world: object) -> str:
    """The cells that compare what the page asks for its rows with the same written by hand."""
    from benchmarks.plans import captured
    from benchmarks.twins import TWINS, beside
    from rapport.kernel.access.current import use_workspace

    if case.name not in TWINS:  # type: ignore[attr-defined]
        return " | | "
    statements = captured(lambda: case.run(world, 1))  # type: ignore[attr-defined]
    with use_workspace(world.workspace):  # type: ignore[attr-defined]
        asked, by_hand = beside(case.name, statements)  # type: ignore[attr-defined]
    return f"{asked:.2f} | {by_hand:.2f} | {asked / by_hand:.2f}"


def promised_cases() -> list[object]:
    """What has a promise, asked of the real surface."""
    from benchmarks.cases import Case, _edit, _page

    both = "/customer/?filter=addresses%20contains%20Cork%20and%20industry%20is"
    both += "%20%22Flying%20club%22%20and%20name%20contains%20aero"
    return [
        Case("list", _page("/customer/")),
        Case("list filtered by city, industry and name part", _page(both)),
        Case("record page, 10,000 entries", _page("/customer/{busy}")),
        Case("board of 5,000 open", _page("/deal/board")),
        Case("search as you type", _typed),
        Case("write: edit a customer", _edit, writes=True),
    ]


def _typed(world: object, turn: int) -> object:
    """What the palette asks for while somebody types."""
    from benchmarks.cases import PARTS

    return world.owner.get("/search", {"q": PARTS[turn % len(PARTS)]}, headers={"HX-Request": "true"})  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
