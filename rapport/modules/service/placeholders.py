"""Placeholders of saved replies; the grammar is that of mail templates (`engines/mail/placeholders.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from rapport.engines.mail import placeholders

#: The words there are. `replies.py` says what each stands for.
WORDS = ("customer.name", "person.name", "person.first_name", "ticket.number", "ticket.subject", "me.name", "company.name")


def unknown_in(text: str) -> str:
    """The first word between braces that is no placeholder; "" when all are."""
    return placeholders.unknown_in(text, WORDS)


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with every placeholder replaced, once."""
    return placeholders.filled(text, words, WORDS)
