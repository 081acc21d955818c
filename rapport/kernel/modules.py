"""What every module and engine is to Django: an app that loads its declarations when the models are there."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.apps import AppConfig

#: Loaded first, because the others name what they declare.
_FIRST = ("records", "actions")
_NOT_LOADED = ("apps", "models", "migrations", "tests")


class ModuleConfig(AppConfig):
    """Imports every file of the module: record types, actions, slots, seeds, tasks register themselves by that."""

    #: Django picks the one config of an apps.py that says True; this base, imported there too, must not be it.
    default = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def ready(self) -> None:
        """Load the declarations, in an order that is the same on every machine."""
        there = {one.name for one in pkgutil.iter_modules([self.path])} - set(_NOT_LOADED)
        for name in [*[n for n in _FIRST if n in there], *sorted(there - set(_FIRST))]:
            import_module(f"{self.name}.{name}")
