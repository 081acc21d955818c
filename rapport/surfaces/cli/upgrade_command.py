"""Bring the installation up to this version: backup, proof, migration; or only say what that would do."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.conf import settings
from django.db import connection

from rapport import __version__
from rapport.engines.upgrade.closing import closed_because
from rapport.engines.upgrade.going import go, is_open_ended
from rapport.engines.upgrade.plan import Plan, plan_of
from rapport.project.data_lock import hold_data_folder
from rapport.surfaces.cli.failures import CommandFailed
from rapport.surfaces.cli.rollback_command import roll_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Look or do."""
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something stands in the way")
    parser.add_argument("--no-backup", action="store_true", help="do without the verified backup (you have one of your own)")
    parser.add_argument("--rollback", action="store_true", help="go back to the snapshot that the last upgrade made")
    parser.add_argument("--accept-access-changes", action="store_true", help="go on although some people may do more or less")
    parser.add_argument("--yes", action="store_true", help="with --rollback: do not ask")


def run(options: argparse.Namespace) -> int:
    """Print the path, then go it."""
    if options.rollback:
        return roll_back(yes=options.yes)
    plan = plan_of()
    _show(plan)
    if plan.obstacles:
        raise CommandFailed(" ".join(plan.obstacles))
    if options.check:
        return 0
    if not plan.steps and not is_open_ended():
        return 0
    lock = hold_data_folder(Path(settings.DATA), "an upgrade is under way")
    try:
        for line in go(plan, backup=not options.no_backup, accept=options.accept_access_changes):
            print(f"ok   {line}")
    finally:
        lock.close()
    return 0


def _show(plan: Plan) -> None:
    print(f"Rapport {__version__}, {connection.vendor}: {len(plan.steps)} steps to go" + (":" if plan.steps else ", up to date."))
    for step in plan.steps:
        note = f"  rewrites a table of {step.rows:,} rows" if step.rows else ""
        print(f"  {step.name}{note}")
    if plan.steps:
        print(f"  room needed {plan.bytes_needed / 2**20:,.0f} MB, about {plan.seconds:,.0f} s after the snapshot and its proof")
    if is_open_ended():
        print(f"  an upgrade was begun and not ended: {closed_because()}")
    for note in plan.notes:
        print(f"  note: {note}")
