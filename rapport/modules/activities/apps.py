"""The activities module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ActivitiesConfig(ModuleConfig):
    """Label "activities"."""

    name = "rapport.modules.activities"
    label = "activities"
