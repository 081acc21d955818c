"""Who keeps the meetings that visitors book: a module, which alone knows what a meeting is and who takes part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from rapport.kernel.context import Context

Moments = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Wanted:
    """What a visitor books; `values` are cleaned answers by field, `said` is label and text of each as it was typed."""

    title: str
    user_id: UUID
    start: dt.datetime
    minutes: int
    place: str
    values: Mapping[str, object]
    said: tuple[tuple[str, str], ...]
    #: The visitor's address, name and time zone; the secret address where they move it or call it off.
    email: str
    name: str
    zone: str
    link: str


@dataclass(frozen=True)
class Standing:
    """How a booked meeting stands now, whoever moved it."""

    title: str
    start: dt.datetime
    minutes: int
    place: str
    #: Whether the visitor gets mail about it.
    is_mailed: bool


class Keeper(Protocol):
    """What the module registers. Each is called with a system context, those that write inside a transaction."""

    def busy(self, ctx: Context, user_id: UUID, first: dt.datetime, until: dt.datetime) -> list[Moments]:
        """When somebody is taken by what does not stand in their own calendar."""

    def days_off(self, ctx: Context, user_id: UUID, first: dt.date, last: dt.date) -> set[dt.date]:
        """Holidays and days away."""

    def make(self, ctx: Context, wanted: Wanted) -> UUID:
        """Write the meeting down, join the visitor to who is known, invite them; returns the id of the meeting."""

    def move(self, ctx: Context, meeting_id: UUID, start: dt.datetime, *, zone: str, link: str) -> None:
        """Another time; the visitor's calendar hears of it, and the owner."""

    def cancel(self, ctx: Context, meeting_id: UUID) -> None:
        """It does not take place."""

    def standing(self, ctx: Context, meeting_id: UUID) -> Standing | None:
        """How it stands; None when it was called off or deleted."""

    def warns(self, ctx: Context, user_id: UUID) -> str:
        """What is missing for the invitations to go out; "" when nothing is."""


_keeper: list[Keeper] = []


def keep_with(keeper: Keeper) -> None:
    """Register the one who keeps meetings."""
    _keeper[:] = [keeper]


def keeper() -> Keeper:
    """Whoever keeps meetings."""
    return _keeper[0]
