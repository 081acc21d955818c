"""The engine of the company's own words as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class WordsConfig(ModuleConfig):
    """Label "words"."""

    name = "rapport.engines.words"
    label = "words"
