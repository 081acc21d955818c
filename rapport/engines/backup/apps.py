"""The engine for backups as a Django app, so that its schedule is known."""

from __future__ import annotations

from django.apps import AppConfig


class BackupConfig(AppConfig):
    """Label "backup". Its files are not all loaded at the start: only commands and jobs need them."""

    name = "rapport.engines.backup"
    label = "backup"
