"""The follow-up engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class FollowUpsConfig(ModuleConfig):
    """Label "followups"."""

    name = "rapport.engines.followups"
    label = "followups"
