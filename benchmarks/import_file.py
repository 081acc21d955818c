"""How fast a file of people comes in: `python -m benchmarks.import_file [--rows N] [--databases sqlite,postgresql] [--profile]`.

Each database gets an installation of its own. The file has names, e-mail addresses, phone numbers, towns, tags and
birthdays; it is imported by e-mail address through the whole way (validation, matching, change log, search), and then
once more with another town in every tenth line, which changes those and leaves the rest as it is.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.__main__ import in_each_database

TOWNS = ("Cork", "Dublin", "Galway", "Limerick", "Sligo", "Waterford", "Kilkenny", "Tralee")


def main() -> int:
    """Measure, in a process per database."""
    return measured("benchmarks.import_file", __doc__, measure)


def measured(module: str, about: str | None, inside: Callable[..., None]) -> int:
    """A benchmark over so many rows, in a process and an installation of its own per database; also for exports."""
    parser = argparse.ArgumentParser(prog=module, description=about)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.inside:
        words = ["--rows", str(given.rows), *(["--profile"] if given.profile else [])]
        return in_each_database(given.databases, module, *words)
    from rapport.project.sqlite import use_bundled_sqlite

    use_bundled_sqlite()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        inside(Path(folder), given.rows, with_profile=given.profile)
    return 0


def write_people(path: Path, rows: int, *, moved: bool = False) -> None:
    """A file of invented people."""
    with path.open("w", encoding="utf-8") as out:
        out.write("Name,E-mail,Phone,Street,City,Country,Tags,Birthday,Kind\n")
        for n in range(rows):
            town = TOWNS[(n + (moved and n % 10 == 0)) % len(TOWNS)]
            out.write(
                f"Person{n * 7919 % 1_000_003} Family{n % 5003},person{n}@mail{n % 977}.example,+35385{n % 10_000_000:07d},"
                f"{n % 90} Airport Road,{town},IE,imported,19{50 + n % 49}-{1 + n % 12:02d}-{1 + n % 28:02d},person\n"
            )


def measure(folder: Path, rows: int, *, with_profile: bool) -> None:
    """Two imports of one file."""
    from django.db import connection

    from rapport.engines.imports.run import Wish, import_file
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace
    from rapport.kernel.context import context_for

    workspace, owner = create_workspace("Bench", owner_name="Ana", email="ana@bench.example", password="correct horse battery")
    print(f"\n{connection.vendor}, {rows:,} people", flush=True)
    with use_workspace(workspace):
        for title, moved in (("new", False), ("again, a tenth changed", True)):
            path = folder / f"people{moved:d}.csv"
            write_people(path, rows, moved=moved)
            profile = cProfile.Profile() if with_profile else None
            started, worked = time.perf_counter(), time.process_time()
            if profile:
                profile.enable()
            report = import_file(context_for(owner, "cli"), Wish(path, type="customer", match="email"))
            if profile:
                profile.disable()
                pstats.Stats(profile).sort_stats("tottime").print_stats(40)
            seconds, work = time.perf_counter() - started, time.process_time() - worked
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            total = report.total
            print(
                f"{title}: {rows / seconds:,.0f} rows/s ({seconds:.1f} s, of which {work:.1f} s at work), "
                f"{total.created:,} created, {total.changed:,} changed, {total.unchanged:,} unchanged, "
                f"{total.rejected:,} rejected, {memory} MB at most",
                flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
