"""The booking engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class BookingConfig(ModuleConfig):
    """Label "booking"."""

    name = "rapport.engines.booking"
    label = "booking"
