"""The sales module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class SalesConfig(ModuleConfig):
    """Label "sales"."""

    name = "rapport.modules.sales"
    label = "sales"
