"""How fast people go out as CSV: `python -m benchmarks.export_file [--rows N] [--databases sqlite,postgresql] [--profile]`.

Each database gets an installation of its own, into which a file of invented people is imported. They are written as CSV
with the columns that the list shows to a new user, then with ten columns of every sort, then with every column there is.
The file is counted and thrown away, so that no disk is measured. Memory is the most that the process ever had: after the
import, and how much the exports added.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.import_file import measured, write_people

TEN = ("name", "kind", "stage", "emails", "phones", "addresses", "tags", "birthday", "industry", "owner")


def main() -> int:
    """Measure, in a process per database."""
    return measured("benchmarks.export_file", __doc__, measure)


def measure(folder: Path, rows: int, *, with_profile: bool) -> None:
    """The people, then the exports."""
    from django.db import connection

    from rapport.engines.imports.run import Wish, import_file
    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace
    from rapport.kernel.context import context_for
    from rapport.kernel.records.registry import registry

    workspace, owner = create_workspace("Bench", owner_name="Ana", email="ana@bench.example", password="correct horse battery")
    print(f"\n{connection.vendor}, {rows:,} people", flush=True)
    with use_workspace(workspace):
        path = folder / "people.csv"
        write_people(path, rows)
        import_file(context_for(owner, "cli"), Wish(path, type="customer", match="email"))
        before = _memory()
        print(f"{before} MB at most before", flush=True)
        shown = registry.get("customer").declared.list_columns
        for title, fields in (("the list's own columns", shown), ("ten columns", TEN), ("every column", None)):
            profile = cProfile.Profile() if with_profile else None
            started, worked = time.perf_counter(), time.process_time()
            if profile:
                profile.enable()
            lines, size = _exported(context_for(owner, "cli"), fields)
            if profile:
                profile.disable()
                pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            seconds, work = time.perf_counter() - started, time.process_time() - worked
            assert lines == rows + 1, lines
            print(
                f"{title}: {rows / seconds:,.0f} rows/s ({seconds:.1f} s, of which {work:.1f} s at work), "
                f"{size / 1_000_000:.1f} MB of CSV, {_memory() - before} MB of memory more",
                flush=True,
            )  # fmt: skip


def _exported(ctx: object, fields: Sequence[str] | None) -> tuple[int, int]:
    """Lines and bytes of an export."""
    from rapport.engines.exports.writing import export_rows
    from rapport.kernel.records.registry import registry

    lines = size = 0
    for chunk in export_rows(ctx, registry.get("customer"), fields=fields):  # type: ignore[arg-type]
        lines, size = lines + chunk.count(b"\r\n"), size + len(chunk)
    return lines, size


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
