"""What every module and engine is to Django: an app that loads its declarations when the models are there."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class ModuleConfig(AppConfig):
    """Imports `records`, `actions`, `slots`, `seeds` and `jobs` of the module, whichever exist."""

    #: Django picks the one config of an apps.py that says True; this base, imported there too, must not be it.
    default = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def ready(self) -> None:
        """Load the declarations; each registers itself."""
        for part in ("records", "actions", "indexing", "slots", "composer_slot", "convert_slot", "seeds", "tasks"):
            if find_spec(f"{self.name}.{part}") is not None:
                import_module(f"{self.name}.{part}")
