"""The portal engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class PortalConfig(ModuleConfig):
    """Label "portal"."""

    name = "rapport.engines.portal"
    label = "portal"
