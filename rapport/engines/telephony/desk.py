"""What a module does with calls: find out who it is, and write down what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.engines.telephony.models import LiveCall
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Desk:
    """The module that knows people and keeps what happened with them."""

    #: (type key, id) of whoever has the number (E.164), among what the viewer sees; None for a stranger.
    find: Callable[[Context, str], tuple[str, UUID] | None]
    #: Write a call down that is over; returns the id of the entry.
    log: Callable[[Context, LiveCall], UUID]
    #: Add the recording to the entry, when it comes later.
    keep_recording: Callable[[Context, LiveCall], None]


_desks: list[Desk] = []


def register_desk(desk: Desk) -> None:
    """Called once, by the module that keeps activities."""
    _desks[:] = [desk]


def the_desk() -> Desk:
    """The registered one."""
    return _desks[0]
