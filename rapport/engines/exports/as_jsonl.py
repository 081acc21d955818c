"""A list as JSON lines: an object per record with id, version and the API's shape of every field; references are ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from rapport.engines.exports.sheet import Sheet
    from rapport.kernel.query.read import Row


def write(sheet: Sheet, pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """The lines of each page."""
    for rows in pages:
        found = []
        for row in rows:
            one: dict[str, object] = {"id": row.id, "version": row.version}
            for f in sheet.fields:
                value = row.values[f.key]
                one[f.key] = None if value is None else f.kind.to_json(value)
            found.append(orjson.dumps(one))
        yield b"".join(line + b"\n" for line in found)
