"""The engine for upgrades as a Django app, so that its schedule is known."""

from __future__ import annotations

from django.apps import AppConfig


class UpgradeConfig(AppConfig):
    """Label "upgrade"."""

    name = "rapport.engines.upgrade"
    label = "upgrade"
