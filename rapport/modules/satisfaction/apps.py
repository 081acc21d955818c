"""The satisfaction module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class SatisfactionConfig(ModuleConfig):
    """Label "satisfaction"."""

    name = "rapport.modules.satisfaction"
    label = "satisfaction"
