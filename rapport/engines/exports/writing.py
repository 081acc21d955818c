"""Records as bytes, page after page: memory stays flat however many there are, and rights are those of the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.exports.formats import FORMATS, FileFormat
from rapport.engines.exports.many_objects import many_objects
from rapport.engines.exports.noting import noted
from rapport.engines.exports.sheet import Sheet
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query import read
from rapport.kernel.query.read import Page, Row, pick_fields
from rapport.kernel.query.tree import Node
from rapport.kernel.records.registry import TypeInfo

Noting = AbstractContextManager[Callable[[int, Sequence[str]], None]]


def export_rows(
    ctx: Context, info: TypeInfo, where: Node | None = None, fields: Iterable[str] | None = None, format: str = "csv", *,
    sort: str = "", labels: bool = False, mark: bool = False,
) -> Iterator[bytes]:  # fmt: skip
    """The records the viewer may export, as chunks of bytes.

    CSV and XLSX have the titles of references and can be imported again; JSON lines have the API's shape; vCards hold what
    the type declares of a card. `labels` puts labels instead of keys into the header; `mark` starts CSV with a byte order
    mark, by which Excel knows UTF-8. Raises Refused without the right to export and Invalid for an unknown field, filter or
    format, all before the first chunk is made.
    """
    made = _format(info, format)
    gate.demand(ctx, info, "export")
    chosen = pick_fields(ctx, info, made.columns(ctx, info) if made.columns else fields, strict=True)
    ask = partial(
        read.read_page, ctx, info, where=where, sort=sort, fields=[f.key for f in chosen], limit=read.EXPORTED, verb="export",
        strict=True,
    )  # fmt: skip
    # The first page is read here, so that a wrong filter or sort is refused before the answer begins.
    pages = _pages(ask, ask(), noted(ctx, info, where=where, sort=sort, format=format))
    return _sent(ctx, made.write(Sheet(ctx, info, chosen, labels=labels, mark=mark), pages))


def _format(info: TypeInfo, key: str) -> FileFormat:
    made = FORMATS.get(key)
    if made is None:
        sentence = _("“%(format)s” is no format; there are: %(formats)s.")
        raise Invalid(sentence % {"format": key[:20], "formats": ", ".join(FORMATS)}, field="format")
    if not made.fits(info):
        sentence = _("%(types)s cannot be written as %(format)s; choose another format.")
        raise Invalid(sentence % {"types": info.plural, "format": made.label}, field="format")
    return made


def _pages(ask: Callable[..., Page], page: Page, noting: Noting) -> Iterator[list[Row]]:
    """The rows of each page. Nothing is open before the first of them is asked for: an export that nobody reads must not
    write its entry when Python happens to sweep it away, which may be in the middle of another statement."""
    with noting as handed_out:
        while True:
            handed_out(len(page.rows), [f.key for f in page.fields])
            yield page.rows
            if page.next is None:
                return
            page = ask(cursor=page.next)


def _sent(ctx: Context, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Each chunk is made inside the workspace and handed out outside of it; an export broken off is noted there too."""
    try:
        while True:
            with _inside(ctx):
                chunk = next(chunks, None)
            if chunk is None:
                return
            if chunk:
                yield chunk
    finally:
        with _inside(ctx):
            chunks.close()  # type: ignore[attr-defined]


@contextmanager
def _inside(ctx: Context) -> Iterator[None]:
    """The workspace and language of the viewer. A streamed answer is made after the request has left them."""
    with many_objects(), use_workspace(ctx.workspace), translation.override(ctx.format.language):
        yield
