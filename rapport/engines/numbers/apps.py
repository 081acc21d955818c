"""The numbers engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class NumbersConfig(ModuleConfig):
    """Label "numbers"."""

    name = "rapport.engines.numbers"
    label = "numbers"
