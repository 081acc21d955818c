"""The export engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ExportsConfig(ModuleConfig):
    """Label "exports"."""

    name = "rapport.engines.exports"
    label = "exports"
