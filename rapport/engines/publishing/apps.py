"""The publishing engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class PublishingConfig(ModuleConfig):
    """Label "publishing"."""

    name = "rapport.engines.publishing"
    label = "publishing"
