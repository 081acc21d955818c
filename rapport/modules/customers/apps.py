"""The customers module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class CustomersConfig(ModuleConfig):
    """Label "customers"."""

    name = "rapport.modules.customers"
    label = "customers"
