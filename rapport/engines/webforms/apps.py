"""The web forms engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class WebFormsConfig(ModuleConfig):
    """Label "webforms"."""

    name = "rapport.engines.webforms"
    label = "webforms"
