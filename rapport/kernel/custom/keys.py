"""Keys of values: text that sorts, byte by byte, as the values do, alike on both databases."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.kinds.money import worth
from rapport.kernel.money import Money
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.field import Field

#: Numbers have at most 15 digits before the point and 9 after it; shifted by this they are positive and equally long.
_SHIFT, _SCALE = 10**25, 9
LONGEST = 200


def number_key(value: int | Decimal) -> str:
    """A number as 26 digits."""
    return f"{int(Decimal(value).scaleb(_SCALE)) + _SHIFT:026d}"


def sort_key(ctx: Context, value: object) -> str | None:
    """The key of one value; None for what has no order (lists) and for money that has no rate."""
    if isinstance(value, Money):
        base = worth(ctx, value)
        return None if base is None else number_key(base)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, Decimal)):
        return number_key(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return value.hex  # as SQLite keeps ids
    if isinstance(value, Mapping):
        value = value.get("name") or ""
    return fold(value)[:LONGEST] if isinstance(value, str) else None


def unique_keys(ctx: Context, field: Field, value: object) -> list[str]:
    """The keys under which a value of a unique field may stand once: each of several phones, a long text by its hash."""
    several = field.kind.index_keys(value)
    found = several or [key for key in [_whole(ctx, value)] if key]
    return [key if len(key) <= LONGEST else f"{key[:130]}{hashlib.sha256(key.encode()).hexdigest()}" for key in found]


def _whole(ctx: Context, value: object) -> str | None:
    """The key of the whole value, however long; money with its currency, which no rate moves."""
    if isinstance(value, Money):
        return f"{value.currency}{value.minor}"
    return fold(value) if isinstance(value, str) else sort_key(ctx, value)
