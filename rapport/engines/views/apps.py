"""The engine of saved views as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ViewsConfig(ModuleConfig):
    """Label "views"."""

    name = "rapport.engines.views"
    label = "views"
