"""Run background jobs until told to stop; `rapport serve` starts this by itself."""

from __future__ import annotations

import argparse

from rapport.kernel.jobs.runner import run_forever
from rapport.project.orphans import die_with_supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(options: argparse.Namespace) -> int:
    """Hand over to the runner."""
    del options
    die_with_supervisor()
    run_forever()
    return 0
