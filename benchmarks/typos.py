"""Typed with a slip, at a million: how often the record that was meant is among what is looked at, and what a search costs.

python -m benchmarks.typos --entries 1000000 [--database postgres|both]

Search entries alone are written (names of people who do not exist); half of the names asked for are of the oldest tenth.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from benchmarks.duplicates import on_throwaway
from benchmarks.people import people, slip

_AT_ONCE = 2_000
_ASKED = 200


def main(argv: list[str] | None = None) -> int:
    """Measure on a throw-away installation; Markdown goes to standard output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="sqlite")
    args = parser.parse_args(argv)
    if args.database == "both":
        program = [sys.executable, "-m", "benchmarks.typos", "--entries", str(args.entries), "--database"]
        return max(subprocess.run([*program, one], check=False).returncode for one in ("sqlite", "postgres"))
    print(f"{args.database}, {args.entries:,} entries; load {os.getloadavg()[0]:.1f} at the start", flush=True)
    with on_throwaway(args.database) as (workspace, owner):
        for line in measure(workspace, owner, args.entries):
            print(line, flush=True)
    return 0


def measure(workspace: object, owner: object, count: int) -> Iterator[str]:
    """The lines, one by one as they are known."""
    started = time.perf_counter()
    asked = fill(workspace, count)
    yield f"{count:,} entries written in {time.perf_counter() - started:.0f} s"
    from rapport.kernel.query import near

    one, more, before = near.FOR_ONE, near.FOR_MORE, ((near.halves, near.MOST),)
    for how, chosen in (("whole name", lambda name: name), ("surname alone", lambda name: name.split()[-1])):
        names = [(pk, chosen(name)) for pk, name in asked]
        near.FOR_ONE = near.FOR_MORE = before
        yield ask(workspace, owner, f"{how}, by halves alone", names)
        near.FOR_ONE, near.FOR_MORE = one, more
        yield ask(workspace, owner, f"{how}, in all steps", names)


def fill(workspace: object, count: int) -> list[tuple[UUID, str]]:
    """Write entries of people's names; some of them, to be asked for."""
    from django.db import connection, transaction

    from rapport.kernel.ids import new_id
    from rapport.kernel.query.search import remember
    from rapport.kernel.text_folding import fold

    luck, kept, at = random.Random(5), [], 0
    rows = people(count, doubles=0.0)
    while some := [(new_id(), fold(str(one["name"]))) for _who, one in islice(rows, _AT_ONCE)]:
        with transaction.atomic():
            remember([(workspace.pk, "customer", pk, "", name, name) for pk, name in some])  # type: ignore[attr-defined]
        share = 0.5 * _ASKED / (count * (0.1 if at < count / 10 else 0.9))
        kept += [one for one in some if luck.random() < share]
        at += len(some)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return kept


def ask(workspace: object, owner: object, how: str, names: list[tuple[UUID, str]]) -> str:
    """Type each name with one slip."""
    from rapport.kernel.context import context_for
    from rapport.kernel.query import search

    luck, took, used, there, asked = random.Random(9), [], [], 0, 0
    ctx = context_for(owner, "bench", workspace=workspace)  # type: ignore[arg-type]
    for pk, name in names:
        words = name.split()
        at = max(range(len(words)), key=lambda n: len(words[n]))
        if len(words[at]) < 6:
            continue
        words[at] = slip(luck, words[at])
        asked += 1
        cpu, started = time.process_time(), time.perf_counter()
        found = search.near_hits(ctx, " ".join(words), ["customer"])
        took.append((time.perf_counter() - started) * 1000)
        used.append((time.process_time() - cpu) * 1000)
        there += any(rid == pk for _key, rid, _likeness in found)
    took.sort(), used.sort()
    late = int(len(took) * 0.95)
    return (
        f"{how} with a slip: {there} of {asked} found; {took[len(took) // 2]:.1f} ms at the median, {took[late]:.1f} ms at the"
        f" 95th percentile (this program's CPU {used[len(used) // 2]:.1f} and {used[late]:.1f} ms), load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
