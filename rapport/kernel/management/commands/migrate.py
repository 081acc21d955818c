"""Django's `migrate`, which makes an empty database at once instead of step by step.

Steps are for databases that have something in them. In an empty one they come to the same (tests/platform/test_fresh.py holds
both against each other), and nearly all of their time goes into what the models looked like between two of them.
"""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.commands import migrate
from django.db import connections

from rapport.kernel.fresh import build, is_empty

#: Whoever asks for one of these wants steps.
_STEPS = ("app_label", "migration_name", "fake", "fake_initial", "plan", "check_unapplied", "prune", "run_syncdb", "step_by_step")


class Command(migrate.Command):
    """See the module."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """As Django's, and a way to have the steps in an empty database too."""
        super().add_arguments(parser)
        parser.add_argument("--step-by-step", action="store_true", help="apply every migration, also where the database is empty")

    def handle(self, *args: object, **options: object) -> None:
        """Make an empty database; then whatever Django finds left to do."""
        connection = connections[str(options["database"])]
        if not any(options.get(word) for word in _STEPS) and is_empty(connection):
            build(connection)
        super().handle(*args, **options)
