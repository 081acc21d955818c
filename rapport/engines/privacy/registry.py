"""What modules say about personal data: whose data it is, what an erasure does to each type, what a law keeps.

Which records are about a person nobody has to say: they refer to the person, which the record types declare already.
A type that says nothing is emptied of every text, so that an add-on forgotten here keeps no personal data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

DELETE, EMPTY, HASH = "delete", "empty", "hash"


@dataclass(frozen=True)
class Subject:
    """A type whose records may be people with rights over their data."""

    type_key: str
    #: (field, value) that makes a record a person; None when every record is one.
    when: tuple[str, str] | None
    #: Model fields that say nothing about the person and stay (owner, stage); everything else goes.
    keeps: tuple[str, ...]


@dataclass(frozen=True)
class Treatment:
    """What an erasure does to records of a type that are about a person."""

    how: str
    #: With HASH: the fields whose content is replaced by its hash.
    hashed: tuple[str, ...] = ()
    #: Why it is not simply deleted, for people.
    why: object = ""
    #: What hangs under a record about a person is about that person too, also where it does not name them.
    with_parent: bool = False


@dataclass(frozen=True)
class Retention:
    """A law that keeps some records of a type for a time."""

    type_key: str
    years: int
    reason: object
    #: From which day on the years count for a record; None when the law does not keep it.
    starts: Callable[[Context, Record], dt.date | None]

    def keeps_until(self, ctx: Context, record: Record) -> dt.date | None:
        """The first day on which the record may go; None when nothing keeps it now."""
        start = self.starts(ctx, record)
        if start is None:
            return None
        try:
            until = start.replace(year=start.year + self.years)
        except ValueError:  # 29 February
            until = start.replace(year=start.year + self.years, month=3, day=1)
        return until if until > ctx.format.today else None


_subjects: dict[str, Subject] = {}
_treatments: dict[str, Treatment] = {}
_retentions: dict[str, Retention] = {}


def data_subject(type_key: str, *, when: tuple[str, str] | None = None, keeps: Sequence[str] = ()) -> None:
    """Say that records of a type are people: they get the page of their data, and can be erased."""
    _subjects[type_key] = Subject(type_key, when, tuple(keeps))


def on_erasure(type_key: str, how: str, *, hashed: Sequence[str] = (), why: object = "", with_parent: bool = False) -> None:
    """Say what happens to a type's records about a person: "delete", "empty" (the default) or "hash". `with_parent`: those
    under a record about a person are meant too, also where they do not name them."""
    if how not in (DELETE, EMPTY, HASH):
        raise ValueError(f"{type_key}: an erasure knows delete, empty and hash, not {how!r}.")
    _treatments[type_key] = Treatment(how, tuple(hashed), why, with_parent)


Forgets = Callable[[UUID, Iterable[UUID]], None]
_forgetters: list[Forgets] = []


def on_forgetting(function: Forgets) -> Forgets:
    """Have rows that are no records go with an erased person (decorator): the workspace's id and the ids of records that were
    erased; others than people are among them."""
    _forgetters.append(function)
    return function


def forget_rows(workspace_id: UUID, ids: Iterable[UUID]) -> None:
    """Ask everybody who has such rows."""
    for function in _forgetters:
        function(workspace_id, ids)


Starts = Callable[["Context", Record], "dt.date | None"]


def retention(type_key: str, *, years: int, reason: object) -> Callable[[Starts], Starts]:
    """Register a legal retention (decorator): the function tells from which day on the years count for a record."""

    def add(function: Starts) -> Starts:
        _retentions[type_key] = Retention(type_key, years, reason, function)
        return function

    return add


def subject_of(info: TypeInfo, record: Record) -> Subject | None:
    """The declaration under which this very record is a person, None when it is none."""
    found = _subjects.get(info.key)
    if found is None or (found.when is not None and getattr(record, found.when[0]) != found.when[1]):
        return None
    return found


def treatment_of(type_key: str) -> Treatment:
    """What an erasure does to the type."""
    return _treatments.get(type_key, Treatment(EMPTY))


def retention_of(type_key: str) -> Retention | None:
    """The law that keeps records of the type, if there is one."""
    return _retentions.get(type_key)


def retentions() -> list[Retention]:
    """All declared retentions."""
    return list(_retentions.values())
