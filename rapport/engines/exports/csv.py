"""A list as CSV: what an import reads back. UTF-8, a comma, one line per record, formulas disarmed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rapport.engines.exports.formulas import defended
from rapport.engines.exports.pages import export_pages
from rapport.kernel.query.tree import Node
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def csv_rows(
    ctx: Context, info: TypeInfo, *, where: Node | None = None, sort: str = "", fields: Sequence[str] | None = None
) -> Iterator[bytes]:
    """The file in pieces, a page of records each; the first line holds the field keys.

    References are written by their title (an import finds them by it), with a hidden one left empty.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    started = False
    for page in export_pages(ctx, info, where=where, sort=sort, fields=fields):
        if not started:
            writer.writerow([f.key for f in page.fields])
            started = True
        columns = [(f.key, f.kind, getattr(f.kind, "references", None) is not None) for f in page.fields]
        for row in page.rows:
            writer.writerow([_cell(ctx, kind, row.values[key], refers) for key, kind, refers in columns])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()


def _cell(ctx: Context, kind: object, value: object, refers: bool) -> str:
    if value is None:
        return ""
    if refers and not all(ref in ctx.format.titles for ref in kind.references(value)):  # type: ignore[attr-defined]
        return ""
    return defended(kind.text(value, ctx.format))  # type: ignore[attr-defined]
