"""The telephony engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class TelephonyConfig(ModuleConfig):
    """Label "telephony"."""

    name = "rapport.engines.telephony"
    label = "telephony"
