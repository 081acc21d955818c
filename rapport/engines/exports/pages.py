"""Walking a filtered list page by page, so that an export of any length needs the memory of one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rapport.engines.exports.noting import noted
from rapport.kernel.access import gate
from rapport.kernel.query.read import MAX_LIMIT, Page, load_titles, read_page
from rapport.kernel.query.tree import Node
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def export_pages(
    ctx: Context, info: TypeInfo, *, where: Node | None = None, sort: str = "", fields: Sequence[str] | None = None,
    with_titles: bool = True,
) -> Iterator[Page]:  # fmt: skip
    """Pages of what the viewer may export; raises Refused without the right, Invalid for unknown fields.

    Titles of references are loaded page by page and forgotten with the page.
    """
    gate.demand(ctx, info, "export")
    cursor = ""
    with noted(ctx, info, where=where, sort=sort, format="csv") as handed_out:
        while True:
            page = read_page(
                ctx, info, where=where, sort=sort, fields=fields, limit=MAX_LIMIT, cursor=cursor, verb="export", strict=True
            )
            if with_titles:
                load_titles(ctx, page.rows, page.fields)
            handed_out(len(page.rows), [f.key for f in page.fields])
            yield page
            ctx.format.titles.clear()
            if page.next is None:
                return
            cursor = page.next
