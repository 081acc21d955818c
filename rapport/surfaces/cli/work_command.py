"""Run background jobs until told to stop; `rapport serve` starts this by itself."""

from __future__ import annotations

import argparse

from django.db import DatabaseError, connection

from rapport.kernel.jobs.runner import run_forever
from rapport.project.orphans import die_with_supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(options: argparse.Namespace) -> int:
    """Hand over to the runner."""
    del options
    die_with_supervisor()
    _refuse_unfit_role()
    run_forever()
    return 0


def _refuse_unfit_role() -> None:
    """End at once where trying again would not help; a server that is down is waited for by the runner."""
    try:
        connection.ensure_connection()
    except DatabaseError as problem:
        if type(problem).__name__ == "UnfitRole":
            raise
