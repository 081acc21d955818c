"""A list as JSON lines: one object per record with id, version and the API's shape of every field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import orjson

from rapport.engines.exports.pages import export_pages
from rapport.kernel.query.tree import Node
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def json_rows(
    ctx: Context, info: TypeInfo, *, where: Node | None = None, sort: str = "", fields: Sequence[str] | None = None
) -> Iterator[bytes]:
    """The file in pieces, a page of records each; references are ids."""
    for page in export_pages(ctx, info, where=where, sort=sort, fields=fields, with_titles=False):
        lines = []
        for row in page.rows:
            item: dict[str, object] = {"id": row.id, "version": row.version}
            for f in page.fields:
                value = row.values[f.key]
                item[f.key] = None if value is None else f.kind.to_json(value)
            lines.append(orjson.dumps(item, default=str) + b"\n")
        yield b"".join(lines)
