"""Bring the database up to this version of Rapport."""

from __future__ import annotations

import argparse
import sys

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only to look."""
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when steps are pending")


def run(options: argparse.Namespace) -> int:
    """Show or run what is pending."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        print("The database is up to date.")
        return 0
    if options.check:
        print(f"{len(plan)} steps are pending: " + ", ".join(f"{m.app_label}.{m.name}" for m, _back in plan), file=sys.stderr)
        return 1
    call_command("migrate", interactive=False, verbosity=0)
    print(f"The database is up to date ({len(plan)} steps).")
    return 0
