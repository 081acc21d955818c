"""Identifiers: UUIDv7, made offline, ordered by time, so that sorting by id is sorting by creation."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return _uuid7()


def id_at(moment: dt.datetime) -> UUID:
    """A fresh UUIDv7 that sorts as if made at a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (_uuid7().int & ((1 << 80) - 1)))


def as_id(value: object) -> UUID | None:
    """The UUID in `value`, or None when it holds none (never an exception: ids come from URLs)."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except (ValueError, AttributeError):
        return None
