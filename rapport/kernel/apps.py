"""The kernel as a Django app: declares its own types, seals the registry, checks every declaration at start."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """Label "kernel": tables, accounts, change log."""

    name = "rapport.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Load the kernel's declarations; the registry seals itself at first use, after all apps are ready."""
        from rapport.kernel import actions_own, records_access, records_own  # noqa: F401 - register; need loaded models
        from rapport.kernel.access.walls import build_after_migrate
        from rapport.kernel.changes import events  # noqa: F401 - listens to what happens around signing in
        from rapport.kernel.files import attaching  # noqa: F401 - registers an indexer
        from rapport.kernel.records.checks import check_declarations

        checks.register(check_declarations, "rapport")
        # No business effect hangs on this signal: it is the one moment at which all tables stand.
        post_migrate.connect(build_after_migrate, sender=self, dispatch_uid="rapport walls")
