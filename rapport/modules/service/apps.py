"""The service module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ServiceConfig(ModuleConfig):
    """Label "service"."""

    name = "rapport.modules.service"
    label = "service"
