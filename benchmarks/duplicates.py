"""Doubles: how many are found and how many of those are right, what a scan costs, how soon a warning is there.

python -m benchmarks.duplicates --people 100000 [--database postgres|both] [--bare]

CPU seconds are those of this program (`process_time`), so that they mean something on a machine that others use too;
on PostgreSQL the server's own come on top and are in the wall time only.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import combinations, islice
from uuid import UUID

from benchmarks.people import people

_AT_ONCE = 2_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="sqlite")
    parser.add_argument("--doubles", type=float, default=0.05, help="share of people written down a second time")
    parser.add_argument(
        "--bare", action="store_true", help="write the rows alone, without log and search: enough for a scan, not for typing"
    )


def main(argv: list[str] | None = None) -> int:
    """Measure on a throw-away installation; Markdown goes to standard output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments(parser)
    args = parser.parse_args(argv)
    if args.database == "both":
        # Each in a program of its own: Django is set up for one database, and peak memory is the program's.
        given = ["--people", str(args.people), "--doubles", str(args.doubles), *(["--bare"] if args.bare else [])]
        program = [sys.executable, "-m", "benchmarks.duplicates", *given, "--database"]
        return max(subprocess.run([*program, one], check=False).returncode for one in ("sqlite", "postgres"))
    print(f"{args.database}, {args.people:,} people; load {os.getloadavg()[0]:.1f} at the start", flush=True)
    with on_throwaway(args.database) as (workspace, owner):
        for line in measure(workspace, owner, args.people, args.doubles, bare=args.bare):
            print(line, flush=True)
    return 0


@contextmanager
def on_throwaway(database: str) -> Iterator[tuple[object, object]]:
    """A new workspace and its owner on an installation that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rapport-doubles-") as folder, ExitStack() as stack:
        os.environ["RAPPORT_DATA"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
        os.environ.pop("DATABASE_URL", None)
        if database == "postgres":
            from tests.platform.programs import find_postgres
            from tests.platform.throwaway_postgres import ThrowawayPostgres

            os.environ["DATABASE_URL"] = stack.enter_context(ThrowawayPostgres(find_postgres())).url
        from rapport.project.sqlite import use_bundled_sqlite

        use_bundled_sqlite()
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from rapport.kernel.access.current import use_workspace
        from rapport.kernel.access.setup import create_workspace

        call_command("migrate", verbosity=0)
        given = {"owner_name": "Ana", "email": "ana@example.com", "password": "correct horse battery"}
        workspace, owner = create_workspace("Doubles", **given)
        with use_workspace(workspace):
            yield workspace, owner
        connections.close_all()


def measure(workspace: object, owner: object, count: int, doubles: float, *, bare: bool = False) -> Iterator[str]:
    """The lines of the table, one by one as they are known."""
    started, cpu = time.perf_counter(), time.process_time()
    who = fill(workspace, count, doubles, bare=bare)
    yield f"{count:,} people written in {time.perf_counter() - started:.0f} s ({time.process_time() - cpu:.0f} s CPU)"
    _analyze()
    yield from scan(workspace, who)
    if not bare:
        yield from typing_pace(workspace, owner)


def fill(workspace: object, count: int, doubles: float, *, bare: bool = False) -> dict[int, list[object]]:
    """Write the people through the door; the ids of those who are written down more than once, by who they are."""
    from rapport.kernel.context import system_context

    first: dict[int, int] = {}  # a million ids as numbers, so that the memory of the scan can be seen beside them
    found: dict[int, list[object]] = {}
    rows = people(count, doubles=doubles)
    while some := list(islice(rows, _AT_ONCE)):
        ctx = system_context(workspace, "bench")  # type: ignore[arg-type]
        given = [{**one, "kind": "person"} for _who, one in some]
        if bare:
            ids = dict(enumerate(_written_bare(ctx, given)))
        else:
            got = ctx.create_many("customer", given)
            assert not got.errors, next(iter(got.errors.values()))
            ids = got.ids
        for at, pk in ids.items():
            who = some[at][0]
            if who in first:
                found.setdefault(who, [UUID(int=first[who])]).append(pk)
            else:
                first[who] = pk.int  # type: ignore[attr-defined]
    return found


def _written_bare(ctx: object, rows: list[dict[str, object]]) -> list[object]:
    """The rows alone: one record made as the door makes it, the others after its pattern, with their own values."""
    from django.db import transaction

    from rapport.kernel.changes.bulk import insert_rows
    from rapport.kernel.changes.making import Maker
    from rapport.kernel.ids import new_id
    from rapport.kernel.records.registry import registry
    from rapport.kernel.text_folding import fold

    info = registry.get("customer")
    pattern = Maker(ctx, info, info.fields).made({"name": "x", "kind": "person"})  # type: ignore[arg-type]
    names = tuple(f.attname for f in info.model._meta.concrete_fields)
    like = [pattern.__dict__[name] for name in names]
    at = {name: names.index(name) for name in ("id", "title_key", "name", "emails", "phones", "addresses", "birthday")}
    made = []
    for one in rows:
        row = list(like)
        row[at["id"]], row[at["title_key"]] = new_id(), fold(str(one["name"]))
        for name in ("name", "emails", "phones", "addresses", "birthday"):
            row[at[name]] = one[name]
        made.append(row)
    with transaction.atomic():
        insert_rows(info.model, names, made)
    return [row[at["id"]] for row in made]


def scan(workspace: object, who: dict[int, list[object]]) -> Iterator[str]:
    """A whole scan, its figures, and how right it is."""
    from rapport.engines.duplicates.models import DuplicatePair
    from rapport.engines.duplicates.scanning import scan_type

    steps: dict[str, float] = {}
    started, cpu, load, before = time.perf_counter(), time.process_time(), os.getloadavg()[0], _memory()

    def watch(done: int, total: int, step: str) -> bool:
        steps[step] = time.process_time() - cpu
        return True

    done = scan_type(workspace, "customer", watch, anew=True)  # type: ignore[arg-type]
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    yield (
        f"scan of {done.records:,} people: {used:.0f} s CPU ({steps.get('read', 0):.0f} s of it reading), {seconds:.0f} s by the"
        f" clock at a load of {load:.1f} to {os.getloadavg()[0]:.1f}, peak memory {_memory():.0f} MB ({before:.0f} MB before)"
    )
    yield (
        f"{done.compared:,} pairs compared, {done.found:,} found, {done.noisy:,} keys too common"
    )
    true = {tuple(sorted(map(str, pair))) for ids in who.values() for pair in combinations(ids, 2)}
    kept = DuplicatePair.objects.filter(workspace_id=workspace.pk)  # type: ignore[attr-defined]
    rows = list(kept.values_list("one_id", "other_id", "score"))
    for least in (70, 80, 90):
        found = {tuple(sorted((str(a), str(b)))) for a, b, score in rows if score >= least}
        right = len(found & true)
        yield (
            f"score {least} and more: {len(found):,} pairs, precision {right / max(len(found), 1):.3f},"
            f" recall {right / max(len(true), 1):.3f} (of {len(true):,} true pairs)"
        )


def _memory() -> float:
    """The most memory this program ever had, in MB: that of making the people is in it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def typing_pace(workspace: object, owner: object) -> Iterator[str]:
    """How soon a warning is there: e-mail, phone, and a misspelt name, each on its own."""
    from rapport.engines.duplicates.finding import find_for
    from rapport.kernel.context import context_for
    from rapport.kernel.records.registry import registry

    info, luck = registry.get("customer"), random.Random(3)
    some = [one for _who, one in islice(people(4_000, seed=7), 3_000)]
    for label, keys in (
        ("e-mail", ["emails"]),
        ("phone", ["phones"]),
        ("misspelt name", ["name"]),
        ("all", ["name", "emails", "phones"]),
    ):
        took = []
        for one in luck.sample(some, 150):
            ctx = context_for(owner, "bench", workspace=workspace)  # type: ignore[arg-type]
            given = {key: one[key] for key in keys if one[key]}
            if "name" in given:
                given["name"] = str(given["name"]).replace("e", "a", 1)
            if given:
                started = time.perf_counter()
                find_for(ctx, info, [given], near_names=True)
                took.append((time.perf_counter() - started) * 1000)
        took.sort()
        middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
        yield f"warning by {label}: {middle:.1f} ms at the median, {late:.1f} ms at the 95th percentile"


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
