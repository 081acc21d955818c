"""The batches engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class BatchesConfig(ModuleConfig):
    """Label "batches"."""

    name = "rapport.engines.batches"
    label = "batches"
