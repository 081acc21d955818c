"""What a module does with messages that a mailbox brings: it decides, prepares outside of the transaction, and stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from rapport.engines.mail.reading.message import Message

if TYPE_CHECKING:
    from rapport.engines.mail.models import Mailbox
    from rapport.kernel.context import Context


@dataclass
class Incoming:
    """One message of a mailbox on its way in."""

    folder: str
    uid: int
    message: Message
    #: When the server got it.
    received_at: dt.datetime | None
    #: It lies where the mailbox keeps what it sent.
    is_sent: bool
    #: Whatever `prepare` wants to hand to `store`.
    prepared: dict[str, object] = field(default_factory=dict)
    outcome: str = ""
    why: str = ""
    record_id: UUID | None = None

    def skip(self, why: str) -> None:
        """Not kept, and why."""
        self.outcome, self.why = "skipped", why


class Taker(Protocol):
    """What a module registers."""

    def prepare(self, ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
        """Skip what is not kept, and do what takes long (files); may run twice for one message."""

    def store(self, ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
        """Inside the transaction that writes the ledger: make records, or join those that are there."""

    def left(self, ctx: Context, mailbox: Mailbox) -> None:
        """What a mailbox shares has changed, or it is gone."""


_taker: list[Taker] = []


def take_with(taker: Taker) -> None:
    """Register the one module that keeps messages."""
    _taker[:] = [taker]


def taker() -> Taker | None:
    """Who keeps messages, if any module does."""
    return _taker[0] if _taker else None
