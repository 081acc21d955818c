"""Who takes what visitors send: a module says for one of its record types what becomes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Received:
    """What one visitor sent, cleaned; `is_confirmed`: they opened the link in a mail to the address they gave."""

    form: str
    values: Mapping[str, object]
    #: Label and text of each answer, as the visitor saw and typed it.
    said: tuple[tuple[str, str], ...]
    is_confirmed: bool
    consent: str
    consent_for: str
    source: str
    campaign: str
    owner_id: UUID | None
    at: dt.datetime


Take = Callable[["Context", Received], tuple[str, UUID]]


@dataclass(frozen=True)
class Receiver:
    """The type whose fields a form may ask for, and the function that makes a record of the answers, inside a transaction."""

    type: str
    take: Take
    #: The field that a confirmation goes to.
    email: str = "emails"


_receivers: list[Receiver] = []


def register_receiver(receiver: Receiver) -> None:
    """Let forms ask for the fields of a type."""
    _receivers.append(receiver)


def receiver() -> Receiver:
    """Whoever takes what is sent."""
    return _receivers[0]
