"""The import engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ImportsConfig(ModuleConfig):
    """Label "imports"."""

    name = "rapport.engines.imports"
    label = "imports"
