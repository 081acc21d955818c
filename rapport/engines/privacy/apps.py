"""The privacy engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class PrivacyConfig(ModuleConfig):
    """Label "privacy"."""

    name = "rapport.engines.privacy"
    label = "privacy"
