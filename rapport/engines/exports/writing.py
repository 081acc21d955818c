"""Records as bytes, page after page: memory stays flat however many there are, and rights are those of the viewer."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import orjson
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.exports.formulas import defended
from rapport.engines.exports.noting import noted
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query.read import MAX_LIMIT, Row, load_titles, pick_fields, read_page
from rapport.kernel.query.tree import Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo

FORMATS = ("csv", "jsonl")
#: Titles of referenced records kept between pages; beyond this they are read again.
_MOST_TITLES = 50_000


def export_rows(
    ctx: Context, info: TypeInfo, where: Node | None = None, fields: Iterable[str] | None = None, format: str = "csv", *,
    sort: str = "", labels: bool = False, mark: bool = False,
) -> Iterator[bytes]:  # fmt: skip
    """The records the viewer may export, as chunks of bytes.

    CSV has the titles of references and can be imported again; JSON lines have the API's shape. `labels` puts labels
    instead of keys into the header; `mark` starts with a byte order mark, by which Excel knows UTF-8. Raises Refused
    without the right to export and Invalid for an unknown field or filter, both before the first chunk is made.
    """
    if format not in FORMATS:
        raise Invalid(_("“%(format)s” is no format; there are: csv, jsonl.") % {"format": format[:20]}, field="format")
    gate.demand(ctx, info, "export")
    chosen = pick_fields(ctx, info, fields, strict=True)
    keys = [f.key for f in chosen]
    pages = _pages(ctx, info, where, keys, sort, format)
    # The first page is read here, so that a wrong filter or sort is refused before the answer begins.
    first = next(pages)
    return _written(ctx, first, pages, chosen, format, labels=labels, mark=mark)


def _pages(
    ctx: Context, info: TypeInfo, where: Node | None, keys: Sequence[str], sort: str, format: str
) -> Iterator[list[Row]]:
    cursor = ""
    with noted(ctx, info, where=where, sort=sort, format=format) as handed_out:
        while True:
            page = read_page(
                ctx, info, where=where, sort=sort, fields=keys, limit=MAX_LIMIT, cursor=cursor, verb="export", strict=True
            )
            handed_out(len(page.rows), keys)
            yield page.rows
            if page.next is None:
                return
            cursor = page.next


def _written(
    ctx: Context, first: list[Row], rest: Iterator[list[Row]], fields: Sequence[Field], format: str, *, labels: bool, mark: bool
) -> Iterator[bytes]:  # fmt: skip
    write = _csv_page if format == "csv" else _json_page
    rows: list[Row] | None = first
    if format == "csv":
        with _inside(ctx):
            head = _csv_lines([_header(fields, labels=labels)])
        yield (codecs.BOM_UTF8 if mark else b"") + head
    while rows is not None:
        with _inside(ctx):
            chunk = write(ctx, rows, fields)
            rows = next(rest, None)
        yield chunk


@contextmanager
def _inside(ctx: Context) -> Iterator[None]:
    """The workspace and language of the viewer. A streamed answer is made after the request has left them."""
    with use_workspace(ctx.workspace), translation.override(ctx.format.language):
        yield


def _header(fields: Sequence[Field], *, labels: bool) -> list[str]:
    """Keys, or labels where no two are alike."""
    names = [str(f.label) for f in fields]
    if not labels:
        return ["id", *(f.key for f in fields)]
    return ["id", *(name if names.count(name) == 1 else f.key for name, f in zip(names, fields, strict=True))]


def _csv_page(ctx: Context, rows: Sequence[Row], fields: Sequence[Field]) -> bytes:
    if len(ctx.format.titles) > _MOST_TITLES:
        ctx.format.titles.clear()
    load_titles(ctx, rows, fields)
    plan = [(f.key, f.kind.text, f.kind.align != "end") for f in fields]
    lines = []
    for row in rows:
        line = [str(row.id)]
        for key, text, is_words in plan:
            value = row.values[key]
            shown = "" if value is None else text(value, ctx.format)
            line.append(defended(shown) if is_words else shown)
        lines.append(line)
    return _csv_lines(lines)


def _csv_lines(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8", errors="replace")


def _json_page(ctx: Context, rows: Sequence[Row], fields: Sequence[Field]) -> bytes:
    del ctx
    found = []
    for row in rows:
        one: dict[str, object] = {"id": row.id, "version": row.version}
        for f in fields:
            value = row.values[f.key]
            one[f.key] = None if value is None else f.kind.to_json(value)
        found.append(orjson.dumps(one))
    return b"".join(line + b"\n" for line in found)
