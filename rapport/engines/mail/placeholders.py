"""Placeholders in texts: whole words between double braces, looked up in a list; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_TOKEN = re.compile(r"\{\{\s*([^{}]{0,60}?)\s*\}\}")


def unknown_in(text: str, words: Collection[str]) -> str:
    """The first word between braces that is no placeholder; "" when all are."""
    return next((found[0] for found in _TOKEN.finditer(text) if found[1] not in words), "")


def filled(text: str, values: Mapping[str, str], words: Collection[str]) -> str:
    """The text with every placeholder replaced, once: what is put in is not read again. One without a value goes away."""

    def put(found: re.Match[str]) -> str:
        return values.get(found[1], "") if found[1] in words else found[0]

    return _TOKEN.sub(put, text)
