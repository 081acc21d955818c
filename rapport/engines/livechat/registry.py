"""Who keeps what is said in chats: a module says what becomes of a first line and of every further one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Opening:
    """The first line of a visitor, with what they told of themselves and where they were."""

    chat_id: UUID
    text: str
    name: str = ""
    email: str = ""
    #: A guest of the portal who is signed in; a typed address never gets here.
    person_id: UUID | None = None
    page: str = ""
    page_title: str = ""
    referrer: str = ""
    campaign: str = ""
    #: Whom it may be told to; empty when nobody is here.
    present: Sequence[UUID] = ()


@dataclass(frozen=True)
class Line:
    """One line, as the visitor may read it. `who` is "" for the visitor."""

    id: str
    who: str
    text: str
    at: dt.datetime


@dataclass(frozen=True)
class Staff:
    """Who may be here for a chat: people by their ids; None of `people` stands for everybody who may answer."""

    is_open: bool
    people: Sequence[UUID] | None


@dataclass(frozen=True)
class Keeper:
    """Functions of the module, called inside the workspace."""

    #: The type of the records.
    type: str
    #: The action one needs to answer.
    action: str
    #: Make the record of an opening; its id.
    begin: Callable[[Context, Opening], UUID]
    #: Keep a further line; the id of the record it is in now.
    say: Callable[[Context, UUID, str], UUID]
    #: What was said to both sides, and nothing else; None when the visitor may not read it any more.
    lines: Callable[[Context, UUID], Sequence[Line] | None]
    #: Who may be here now, by hours and absence.
    staff: Callable[[Context, UUID], Staff]
    #: Whether an answer can go after a visitor who has left.
    mails: Callable[[Context, UUID], bool]


_keepers: list[Keeper] = []


def register_keeper(keeper: Keeper) -> None:
    """The module that keeps conversations says what it does."""
    _keepers.append(keeper)


def keeper() -> Keeper:
    """Whoever keeps them."""
    return _keepers[0]
