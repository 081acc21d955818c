"""The duplicates engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class DuplicatesConfig(ModuleConfig):
    """Label "duplicates"."""

    name = "rapport.engines.duplicates"
    label = "duplicates"
