"""What of a type stands on a business card: declared by its module, written as vCard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Employer:
    """Where the companies of a person stand: a type with a reference to either, and the person's title there."""

    type: str
    person: str
    company: str
    title: str
    #: Yes/no field of the one that counts most.
    primary: str = ""


@dataclass(frozen=True)
class Card:
    """Field keys; "" where the type has no such thing."""

    name: str
    emails: str = ""
    phones: str = ""
    addresses: str = ""
    website: str = ""
    birthday: str = ""
    note: str = ""
    tags: str = ""
    employer: Employer | None = None

    @property
    def keys(self) -> list[str]:
        """All fields of the card."""
        found = (self.name, self.emails, self.phones, self.addresses, self.website, self.birthday, self.note, self.tags)
        return [key for key in found if key]


_cards: dict[str, Card] = {}


def register_card(type_key: str, card: Card) -> None:
    """Let records of this type go out as vCards."""
    _cards[type_key] = card


def card_of(info: TypeInfo) -> Card:
    """The card of a type that has one."""
    return _cards[info.key]


def has_card(info: TypeInfo) -> bool:
    """Can records of this type be written as vCards?"""
    return info.key in _cards


def card_fields(ctx: Context, info: TypeInfo) -> Sequence[str]:
    """The fields of the card that the viewer may see, and the kind that tells people from companies."""
    seen = gate.fields(ctx, info)
    wanted = [*_cards[info.key].keys, *(["kind"] if info.person_column else [])]
    return [key for key in wanted if key in seen]
