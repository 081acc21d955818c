"""The knowledge module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class KnowledgeConfig(ModuleConfig):
    """Label "knowledge"."""

    name = "rapport.modules.knowledge"
    label = "knowledge"
