"""Everything known about a person on one page: to read, to download, to correct, to erase."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.engines.privacy.archive import write_archive
from rapport.engines.privacy.collect import Known, everything_known
from rapport.engines.privacy.registry import subject_of
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import actions_of
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.query.read import Row
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.form import title_of
from rapport.surfaces.web.problems import missing
from rapport.surfaces.web.shell import render

#: Bytes of an archive that are kept in memory; a larger one waits on the disk.
_IN_MEMORY = 8 * 1024 * 1024
#: Rows of one type that the page shows; the download has all.
_MOST = 100
#: Fields of every record that say nothing about a person.
_PLAIN = ("created_at", "created_by", "updated_at", "owner", "team")


@dataclass(frozen=True)
class Fact:
    """One field with something in it."""

    label: str
    cell: SafeString | str


@dataclass(frozen=True)
class Item:
    """One record about the person."""

    url: str
    title: str
    facts: list[Fact]


@dataclass(frozen=True)
class Group:
    """The records of one type."""

    label: str
    count: int
    items: list[Item]
    is_cut: bool


@require_GET
def data(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The page. Only records that are people have one; it shows what the viewer may see, and no more."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    record = _subject(ctx, info, record_id)
    url = info.record_url(record.pk)
    values = {
        "info": info,
        "record": record,
        "title": title_of(ctx, info, record),
        "groups": [_group(ctx, one) for one in everything_known(ctx, info, record)],
        "edit_url": f"{url}/edit" if gate.may(ctx, info, record, "edit") else "",
        "zip_url": f"{url}/data.zip" if gate.may(ctx, info, record, "export") else "",
        "erase_url": f"{url}/do/erase" if "erase" in actions_of(info.key) and gate.may(ctx, info, record, "erase") else "",
    }
    return render(request, "record/data.html", values)


@require_GET
def download(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Everything known as one ZIP. Needs the right to export; leaves an entry in the audit log."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    record = _subject(ctx, info, record_id)
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the response closes it
    write_archive(ctx, info, record, out)
    out.seek(0)
    name = slugify(title_of(ctx, info, record)) or info.key
    response = FileResponse(out, as_attachment=True, filename=f"{name}-data.zip", content_type="application/zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _subject(ctx: Context, info: TypeInfo, record_id: UUID) -> Record:
    record = gate.get(ctx, info, record_id)
    if subject_of(info, record) is None:
        raise missing()
    return record


def _group(ctx: Context, known: Known) -> Group:
    label = str(known.info.plural)
    return Group(
        capital(label), len(known.rows), [_item(ctx, known, row) for row in known.rows[:_MOST]],
        len(known.rows) > _MOST,
    )  # fmt: skip


def _item(ctx: Context, known: Known, row: Row) -> Item:
    title_field = known.info.title_field
    value = row.values.get(title_field.key)
    title = title_field.kind.text(value, ctx.format) if value is not None else str(known.info.label)
    facts = [
        Fact(capital(one.label), one.kind.cell(row.values[one.key], ctx.format))
        for one in known.fields
        if one.key != title_field.key and one.key not in _PLAIN and not one.kind.blank(row.values.get(one.key))
        and one.kind.key != "yesno"
    ]  # fmt: skip
    return Item(known.info.record_url(row.id), title or _("No name"), facts)
