"""Every export leaves an entry in the audit log: who took what, by which filter, which columns, how many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rapport.kernel.changes.events import note_quietly
from rapport.kernel.query.text import show
from rapport.kernel.query.tree import Node
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@contextmanager
def noted(
    ctx: Context, info: TypeInfo, *, where: Node | None, sort: str, format: str
) -> Iterator[Callable[[int, Sequence[str]], None]]:
    """Write the entry when the export ends, also one that is broken off. The block tells what it hands out as
    (rows, columns), before it does; an export that never began leaves none."""
    rows, columns = 0, None

    def handed_out(count: int, keys: Sequence[str]) -> None:
        nonlocal rows, columns
        rows, columns = rows + count, list(keys)

    try:
        yield handed_out
    finally:
        if columns is not None:
            text = show(where) if where is not None else ""
            note_quietly(ctx, "exported", type_key=info.key, filter=text, sort=sort, columns=columns, rows=rows, format=format)
