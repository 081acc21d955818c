"""`python -m benchmarks`: make sample companies, measure, print tables in Markdown."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.table import machine, markdown

ROOT = Path(__file__).resolve().parent.parent
#: As a company would run it: commits wait for the disk.
DURABLE = ("listen_addresses=127.0.0.1", "shared_buffers=512MB", "work_mem=16MB", "max_wal_size=4GB")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every size on every database, each in a process of its own; returns the exit code."""
    args = arguments(argparse.ArgumentParser(prog="benchmarks", description=__doc__)).parse_args(argv)
    results: list[dict[str, object]] = []
    print(machine())
    for database in args.databases.split(","):
        for size in (int(text.replace("_", "")) for text in args.sizes.split(",")):
            print(f"measuring {size:,} customers on {database}…", file=sys.stderr, flush=True)
            found = measure(database, size, args.rounds)
            results.append(found)
            print("\n" + markdown(found), flush=True)
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options, shared with `rapport bench`."""
    parser.add_argument("--sizes", default="10000,100000", metavar="N,N", help="customers (default 10000,100000)")
    parser.add_argument("--databases", default="sqlite,postgresql", metavar="NAMES", help="sqlite, postgresql or both")
    parser.add_argument("--rounds", type=int, default=60, metavar="N", help="how often each page is asked for (default 60)")
    parser.add_argument("--json", default="", metavar="FILE", help="also write the figures to this file")
    return parser


def measure(database: str, customers: int, rounds: int) -> dict[str, object]:
    """The figures of one size on one database, from a process with an installation of its own."""
    with installation(database) as environment:
        report = Path(environment["RAPPORT_DATA"]) / "figures.json"
        words = [sys.executable, "-m", "benchmarks.measure", str(customers), str(rounds), str(report)]
        done = subprocess.run(words, cwd=ROOT, env=environment, check=False)
        if done.returncode:
            raise SystemExit(f"Measuring on {database} failed; what went wrong stands above.")
        return json.loads(report.read_text(encoding="utf-8"))


def in_each_database(databases: str, module: str, *words: str) -> int:
    """Run a module of the benchmarks with `--inside` in a process and an installation of its own per database; the first
    exit code that is not 0 ends it."""
    print(machine())
    for database in databases.split(","):
        with installation(database) as environment:
            done = subprocess.run([sys.executable, "-m", module, "--inside", *words], cwd=ROOT, env=environment, check=False)
            if done.returncode:
                return done.returncode
    return 0


@contextmanager
def installation(database: str) -> Iterator[dict[str, str]]:
    """The environment of a throw-away installation."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
        environment |= {"RAPPORT_DATA": folder, "DJANGO_SETTINGS_MODULE": "rapport.project.settings"}
        if database == "sqlite":
            yield environment
            return
        # The throw-away server belongs to the tests; a benchmark is run from the same source tree.
        from tests.platform.programs import find_postgres
        from tests.platform.throwaway_postgres import ThrowawayPostgres

        programs = find_postgres()
        if programs is None:
            raise SystemExit("PostgreSQL is not installed here; leave it out with --databases sqlite")
        with ThrowawayPostgres(programs, DURABLE) as server:
            yield {**environment, "DATABASE_URL": server.url}


if __name__ == "__main__":
    sys.exit(main())
