"""The timeline engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class TimelineConfig(ModuleConfig):
    """Label "timeline"."""

    name = "rapport.engines.timeline"
    label = "timeline"
