"""The engine for programs as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class ProgramsConfig(ModuleConfig):
    """Label "programs"."""

    name = "rapport.engines.programs"
    label = "programs"
