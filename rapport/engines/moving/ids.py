"""New ids for a workspace that comes to stand beside itself.

Every id keeps its time (so order stays) and gets other random bits: XOR with bits drawn once. Whatever refers to a
record, in a column, in JSON or in the middle of a text, is found by the shape of an id and changed alike, so nothing
has to be remembered however large the workspace is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from uuid import UUID

_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_RANDOM_BITS = (1 << 62) - 1


def as_they_are(line: bytes) -> bytes:
    """Ids stay."""
    return line


def renewed() -> Callable[[bytes], bytes]:
    """A function that gives every id in a line its new form."""
    drawn = secrets.randbits(62) | 1

    def renew(line: bytes) -> bytes:
        return _ID.sub(lambda found: str(UUID(int=UUID(found[0].decode()).int ^ (drawn & _RANDOM_BITS))).encode(), line)

    return renew
