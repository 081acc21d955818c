"""The live chat engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class LiveChatConfig(ModuleConfig):
    """Label "livechat"."""

    name = "rapport.engines.livechat"
    label = "livechat"
