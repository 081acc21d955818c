"""`rapport work`: a job runner, until it is asked to stop."""

from __future__ import annotations

import argparse

from rapport.kernel.jobs.runner import run_due, run_forever


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Run for ever, or what is due."""
    parser.add_argument("--once", action="store_true", help="run what is due now and end")


def run(args: argparse.Namespace) -> int:
    """Run jobs."""
    if args.once:
        print(f"{run_due(10_000)} jobs run.")
        return 0
    run_forever()
    return 0
