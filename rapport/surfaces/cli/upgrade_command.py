"""Bring the installation up to this version: backup, proof, migration; or only say what that would do."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from rapport import __version__
from rapport.engines.backup.create import create
from rapport.engines.backup.verify import verify
from rapport.engines.upgrade.plan import Plan, plan_of
from rapport.kernel.access import walls
from rapport.project.data_lock import hold_data_folder
from rapport.surfaces.cli.failures import CommandFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Look or do."""
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something stands in the way")
    parser.add_argument("--no-backup", action="store_true", help="do without the verified backup (you have one of your own)")


def run(options: argparse.Namespace) -> int:
    """Print the path, then go it."""
    plan = plan_of()
    _show(plan)
    if plan.obstacles:
        raise CommandFailed(" ".join(plan.obstacles))
    if options.check:
        return 0
    if not plan.steps:
        return 0
    lock = hold_data_folder(Path(settings.DATA), "an upgrade is under way")
    try:
        if not options.no_backup and not plan.is_new:
            _backup()
        call_command("migrate", interactive=False, verbosity=0)
        walls.build()
        print(f"ok   the database is that of Rapport {__version__} ({len(plan.steps)} steps)")
    finally:
        lock.close()
    return 0


def _show(plan: Plan) -> None:
    print(f"Rapport {__version__}, {connection.vendor}: {len(plan.steps)} steps to go" + (":" if plan.steps else ", up to date."))
    for step in plan.steps:
        note = f"  rewrites a table of {step.rows:,} rows" if step.rows else ""
        print(f"  {step.name}{note}")
    if plan.steps:
        print(f"  room needed {plan.bytes_needed / 2**20:,.0f} MB, about {plan.seconds:,.0f} s")
    for note in plan.notes:
        print(f"  note: {note}")


def _backup() -> None:
    stamp = dt.datetime.now().astimezone()
    out = Path(settings.DATA) / "backups" / f"before-upgrade-{stamp:%Y%m%d-%H%M%S}.bak"
    create(out)
    for proof in verify(out):
        print(f"ok   {proof}")
    connections.close_all()
    print(f"ok   backup {out}; to go back: install the version before, then rapport restore --replace {out.name}")
