"""The notices engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class NoticesConfig(ModuleConfig):
    """Label "notices"."""

    name = "rapport.engines.notices"
    label = "notices"
