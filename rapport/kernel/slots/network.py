"""What a module puts into the slot "record.network": who is tied to a record, and how, to be drawn and listed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Node:
    """Somebody in the picture. `steps` is 1 for a tie to the record itself, 2 for one through another."""

    id: UUID
    title: str
    url: str
    #: "person" is drawn round, anything else square.
    shape: str
    steps: int = 1


@dataclass(frozen=True)
class Tie:
    """A line of the picture, with the word on it."""

    one: UUID
    other: UUID
    label: str
