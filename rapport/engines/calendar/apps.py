"""The calendar engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class CalendarConfig(ModuleConfig):
    """Label "calendar"."""

    name = "rapport.engines.calendar"
    label = "calendar"
