"""The chain of hashes that makes the change log tamper-evident: what is hashed, how, and what a redacted entry keeps.

An entry has two parts. The head says who did what to which record when; the body holds the words (the name of the
person, before and after, details). `body = sha256(salt + body)`, `digest = sha256(head + body)`, and
`hash = sha256(hash of the entry before + number + digest)`. An erasure empties the body and forgets the salt, but keeps
the hash of the body: so the head stays proven, and nobody can guess the erased words by trying.

Everything is UTF-8 JSON with sorted keys and no blanks, so that others can check it without this code.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import orjson

_SALT_BYTES = 16
_OPTIONS = orjson.OPT_SORT_KEYS
#: What a float would leave in the text: a number begins after a bracket, a colon or a comma. Most entries hold none, and need
#: not be walked through (measured: a twelfth of an import); one that only looks so is.
_MAYBE_FLOAT = re.compile(rb"[\[:,]-?\d+(?:\.|[eE])")
#: Where a redacted entry keeps the hash of what it said.
SEALED = "sealed"


class Entry(Protocol):
    """What an entry must tell to be hashed: a row of the log, or one that is about to become one."""

    id: UUID
    workspace_id: UUID
    type: str
    record_id: UUID | None
    version: int
    verb: str
    action: str
    actor_id: UUID | None
    actor_name: str
    surface: str
    cause_id: UUID | None
    at: dt.datetime
    diff: Mapping[str, object]
    details: Mapping[str, object]
    salt: str


def new_salts(count: int) -> list[str]:
    """Random salts, drawn at once."""
    drawn = os.urandom(_SALT_BYTES * count).hex()
    width = _SALT_BYTES * 2
    return [drawn[at : at + width] for at in range(0, len(drawn), width)]


def body_of(entry: Entry) -> str:
    """The hash of the words of an entry."""
    said = [entry.actor_name, entry.diff, entry.details]
    try:
        text = orjson.dumps(said, option=_OPTIONS)
    except TypeError:  # a whole number beyond 64 bits, or a key that is no text
        text = b"[1e1"
    if _MAYBE_FLOAT.search(text):
        text = orjson.dumps([said[0], _plain(said[1]), _plain(said[2])], option=_OPTIONS)
    return sha256(entry.salt.encode() + text).hexdigest()


def digest_of(entry: Entry, body: str) -> str:
    """The digest of an entry, given the hash of its body."""
    head = [
        entry.id, entry.workspace_id, entry.type, entry.record_id, entry.version, entry.verb, entry.action,
        entry.actor_id, entry.surface, entry.cause_id, entry.at.astimezone(dt.UTC), body,
    ]  # fmt: skip
    return sha256(orjson.dumps(head, option=_OPTIONS)).hexdigest()


def link(before: str, number: int, digest: str) -> str:
    """The hash of an entry from the hash of the one before, "" for the first."""
    return sha256(f"{before}\n{number}\n{digest}".encode()).hexdigest()


def _plain(value: object) -> object:
    """The value as both databases give it back: a whole float is a whole number (jsonb makes 1e16 one)."""
    kind = type(value)
    if kind is float:
        return _whole(int(Decimal(repr(value)))) if value.is_integer() else value  # type: ignore[attr-defined]
    if kind is int:
        return _whole(value)  # type: ignore[arg-type]
    if kind is dict:
        return {str(key): _plain(one) for key, one in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [one if type(one) is str or one is None else _plain(one) for one in value]
    return value


def _whole(value: int) -> int | str:
    """A whole number; as text when it is longer than 64 bits, which not every JSON reader takes."""
    return value if -(2**63) <= value < 2**63 else str(value)
