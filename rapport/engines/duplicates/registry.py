"""What modules say about doubles: what identifies a record of a type, which rows are needless twice, who else keeps ids.

References need no word: the walker finds them in the declarations of the record types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Identity:
    """What identifies the records of a type: the keys of its fields. An empty one says that the type has no such field."""

    type: str
    name: str
    emails: str = ""
    phones: str = ""
    addresses: str = ""
    #: A web address whose domain belongs to one company.
    website: str = ""
    birth: str = ""
    #: Fields in which two records of a kind must be equal to be one at all (a person is no company).
    apart: Sequence[str] = ()
    #: (field, value): only these are known by their domain; the people of a company share one.
    domain_of: tuple[str, str] | None = None
    #: Weights of what speaks for two being one, in percent; see `evidence.py`.
    weights: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every field key it names."""
        named = (self.name, self.emails, self.phones, self.addresses, self.website, self.birth, *self.apart)
        return tuple(key for key in dict.fromkeys(named) if key)


@dataclass(frozen=True)
class Reading:
    """How a record of one type reads as a record of another: the name of a lead as that of a person."""

    #: {field there: field here}.
    fields: Mapping[str, str]
    #: What it is there then ({"kind": "person"}).
    fixed: Mapping[str, object]
    #: The input of the action that takes the record there.
    input: str


@dataclass(frozen=True)
class Kin:
    """Another type that may hold the same person or company already. The two are never merged: an action joins them."""

    type: str
    other: str
    #: The action of `type` that links a record to one of `other`; only records it is possible for are looked for.
    action: str
    readings: tuple[Reading, ...]

    @property
    def key(self) -> str:
        """Under which its scan is remembered."""
        return f"{self.type}>{self.other}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of `type` that tell."""
        return tuple(dict.fromkeys(here for one in self.readings for here in one.fields.values()))


@dataclass(frozen=True)
class Twins:
    """Rows of a type that are needless twice: of two with the same values in `fields` one is enough."""

    type: str
    fields: tuple[str, ...]
    #: Two of the fields that may never hold the same record (nobody reports to themselves).
    never_same: tuple[str, str] | None = None


@dataclass(frozen=True)
class Holder:
    """A table, no record type, that keeps the ids of records. Rows move to the survivor; a twin of one there goes."""

    #: "app.Model".
    model: str
    column: str
    #: The column with the type key, if there is one.
    type_column: str = ""
    #: Columns that make two rows of one record the same.
    same: tuple[str, ...] = ()
    #: Only rows where this holds ({"rule_id": None}).
    only: Mapping[str, object] = field(default_factory=dict)


_identities: dict[str, Identity] = {}
_kin: list[Kin] = []
_twins: dict[str, Twins] = {}
_holders: list[Holder] = []
_filters: list[tuple[str, str]] = []
#: Tables with ids of records that a merge leaves alone, each with the reason (a test knows no others).
STAYS: dict[str, str] = {
    "kernel.Change": "the log is never rewritten; the history of the old record is led to from the new one",
    "kernel.SearchEntry": "follows from the record itself",
    "kernel.IndexedValue": "follows from the record itself",
    "kernel.UniqueValue": "follows from the record itself",
    "words.KeptValue": "worked out again when the records it is made from move",
    "webhooks.Delivery": "says what was sent about that very record",
    "telephony.LiveCall": "says whom a call rang for, for thirty days; what was said stands in an activity",
    "imports.ImportedLine": "the line stays known, so that no import brings it in again",
    "privacy.Erasure": "says what happened to that very record",
    "notices.Notice": "led to the survivor when it is read",
    "batches.Batch": "undoes what was done to that very record",
    "duplicates.Merge": "the pointer itself",
    "calendar.DeviceEntry": "names that programs give to entries of calendars, which do not merge",
    "publishing.ShelfPicture": "stands in that very text",
    "booking.PublicBooking": "follows from the record itself",
    "booking.Booking": "names the meeting that was booked",
    "meetings.MeetingInvite": "names the meeting that calendars know",
    "livechat.PublicChat": "follows from the record itself",
    "livechat.Talk": "a conversation in that very ticket; whoever has its secret is led to no other",
    "webforms.PublicForm": "follows from the record itself",
    "mailroom.OutgoingMail": "names the message that was sent; a record it is about is asked for by whoever queued it",
    "mailroom.SeenMessage": "says what became of that very message",
    "service.TicketMail": "says which message came into that very ticket",
    "publishing.Version": "says what that very record was published as",
    "publishing.Shelved": "follows from the record itself",
    "publishing.ShelfTopic": "follows from the record itself",
    "publishing.ShelfWord": "follows from the record itself",
    "publishing.Tally": "says what readers made of that very text",
    "publishing.Vote": "says what readers made of that very text",
    "publishing.VisitEnd": "says what readers made of that very text",
}


def register_identity(type_key: str, *, name: str, **more: object) -> None:
    """Say what identifies a type; it gets the warning while typing, the scan, the review page and the merge."""
    _identities[type_key] = Identity(type_key, name, **more)  # type: ignore[arg-type]


def identity_of(type_key: str) -> Identity | None:
    """What identifies a type; None when it said nothing."""
    return _identities.get(type_key)


def identities() -> list[Identity]:
    """All types that can have doubles, in the order modules declared them."""
    return list(_identities.values())


def register_kin(type_key: str, other: str, *, action: str, readings: Sequence[Reading]) -> None:
    """Say that records of a type may be there as records of another already; they are warned of while somebody types, found
    by the scan of the type, and joined by the action."""
    _kin.append(Kin(type_key, other, action, tuple(readings)))


def kin_of(type_key: str) -> list[Kin]:
    """The other types that a type is compared with."""
    return [one for one in _kin if one.type == type_key]


def needless_twice(type_key: str, *fields: str, never_same: tuple[str, str] | None = None) -> None:
    """Say that two rows of a type with the same values in these fields are one too many."""
    _twins[type_key] = Twins(type_key, fields, never_same)


def twins_of(type_key: str) -> Twins | None:
    """Which rows of a type are needless twice."""
    return _twins.get(type_key)


def register_holder(
    model: str, column: str, *, type_column: str = "", same: tuple[str, ...] = (), only: Mapping[str, object] | None = None
) -> None:
    """Say that a table that is no record type keeps ids of records, which move with a merge."""
    _holders.append(Holder(model, column, type_column, same, dict(only or {})))


def holders() -> list[Holder]:
    """All such tables."""
    return list(_holders)


def register_filter(type_key: str, field_key: str) -> None:
    """Say that a text field of a type holds a filter, in which the id of a record may stand."""
    _filters.append((type_key, field_key))


def filters() -> list[tuple[str, str]]:
    """(type, field) of all texts that are filters."""
    return list(_filters)


# What a person was given on one record they have on the record it became; rules give anew by themselves.
register_holder("kernel.Grant", "record_id", type_column="type", same=("principal", "cause"), only={"rule_id__isnull": True})
register_holder("timeline.TimelineLink", "story_id", same=("entry_id",))
register_holder("followups.FollowUpMade", "record_id", same=("rule_id", "occasion"))
register_holder("duplicates.KinPair", "record_id", type_column="type", same=("other_id",))
register_holder("duplicates.KinPair", "other_id", type_column="other_type", same=("record_id",))
register_filter("view", "matching")
register_filter("sharing_rule", "matching")
register_filter("follow_up_rule", "matching")
