"""Placeholders of saved replies: whole words between double braces, looked up in a list; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"\{\{\s*([^{}]{0,60}?)\s*\}\}")
#: The words there are. `reading.replies` says what each stands for.
WORDS = ("customer.name", "person.name", "person.first_name", "ticket.number", "ticket.subject", "me.name", "company.name")


def unknown_in(text: str) -> str:
    """The first word between braces that is no placeholder; "" when all are."""
    return next((found[0] for found in _TOKEN.finditer(text) if found[1] not in WORDS), "")


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with every placeholder replaced, once: what is put in is not read again. One without a value goes away."""

    def put(found: re.Match[str]) -> str:
        return words.get(found[1], "") if found[1] in WORDS else found[0]

    return _TOKEN.sub(put, text)
