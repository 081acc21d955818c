"""What later modules do with mail that arrives: they may claim a mailbox, and hear of each message that came into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.taking import Incoming

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.modules.mail.participants import Known


@dataclass(frozen=True)
class Arrival:
    """A message somebody outside wrote, kept as a record; the same one may arrive in several mailboxes."""

    mail_id: UUID
    incoming: Incoming
    #: Who wrote it, when they are written down.
    sender: Known | None


Claims = Callable[["Context", Mailbox], bool]
Hears = Callable[["Context", Mailbox, Sequence[Arrival]], None]
Notes = Callable[["Context", Mailbox, Sequence[Incoming]], None]
_listeners: list[tuple[Claims, Hears]] = []
_noting: list[Notes] = []


def on_arrival(claims: Claims, hears: Hears) -> None:
    """Hear of what arrives in the mailboxes that `claims` says are of interest, inside the transaction that keeps it.

    In a claimed mailbox a message of somebody nobody has written down is kept too: it may be the first of a new customer.
    """
    _listeners.append((claims, hears))


def is_claimed(ctx: Context, mailbox: Mailbox) -> bool:
    """Whether any module waits for whatever comes into a mailbox; asked once per context."""
    mark = ("claimed mailbox", mailbox.pk)
    if mark not in ctx.memory:
        ctx.memory[mark] = any(claims(ctx, mailbox) for claims, _hears in _listeners)
    return bool(ctx.memory[mark])


def tell_of(ctx: Context, mailbox: Mailbox, arrivals: Sequence[Arrival]) -> None:
    """Tell the modules that claimed the mailbox."""
    for claims, hears in _listeners if arrivals else ():
        if claims(ctx, mailbox):
            hears(ctx, mailbox, arrivals)


def on_calendar_part(notes: Notes) -> None:
    """Hear of messages with a part for calendars, whether they are kept or not: whoever answers an invitation may be nobody
    who is written down, or a colleague. Called before they are kept and outside of that transaction, perhaps more than once.
    """
    _noting.append(notes)


def tell_calendars(ctx: Context, mailbox: Mailbox, incoming: Sequence[Incoming]) -> None:
    """Tell the modules that asked."""
    for notes in _noting if incoming else ():
        notes(ctx, mailbox, incoming)
