"""Who takes what visitors send: a module says for one of its record types what becomes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.field import Field


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
    #: What a file field holds of each file that came along.
    files: Sequence[Mapping[str, object]] = ()
    #: Which of the receiver's places it goes to, by the name that the form says.
    place: str = ""


Take = Callable[["Context", Received], tuple[str, UUID]]
#: The question that takes files, where a receiver does.
FILES = "files"


def _fields_of_type(type_key: str) -> Callable[[Context], Mapping[str, Field]]:
    return lambda ctx: gate.fields(ctx, registry.get(type_key))


@dataclass(frozen=True)
class Receiver:
    """The type that a form makes, and the function that makes a record of the answers, inside a transaction."""

    type: str
    take: Take
    label: object = ""
    #: The field that a confirmation goes to.
    email: str = "emails"
    #: The question that every form asks, and those a new form begins with.
    needs: str = ""
    begins: str = ""
    #: The fields a form may ask for; those of the type when nothing is said.
    fields: Callable[[Context], Mapping[str, Field]] | None = None
    #: The names of the places a form may choose, when there are any.
    places: Callable[[Context], list[str]] | None = None
    takes_files: bool = False
    #: Fields that a record needs and a visitor need not fill in: the receiver finds something.
    optional: tuple[str, ...] = ()

    def fields_for(self, ctx: Context) -> Mapping[str, Field]:
        """What may be asked, before the kinds and rights are looked at."""
        return (self.fields or _fields_of_type(self.type))(ctx)


_receivers: dict[str, Receiver] = {}


def register_receiver(receiver: Receiver) -> None:
    """Let forms make records of a type. The first is what a form makes that says nothing."""
    _receivers[receiver.type] = receiver


def receiver(type_key: str = "") -> Receiver:
    """Whoever takes what is sent into a form that makes this type."""
    return _receivers.get(type_key) or next(iter(_receivers.values()))


def kinds_of_forms() -> list[tuple[str, object]]:
    """What forms can make, for the choice on a form."""
    return [(one.type, one.label or registry.get(one.type).label) for one in _receivers.values()]
