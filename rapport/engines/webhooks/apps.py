"""The webhooks engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class WebhooksConfig(ModuleConfig):
    """Label "webhooks"."""

    name = "rapport.engines.webhooks"
    label = "webhooks"
