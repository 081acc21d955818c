"""Uploading and downloading: bytes go out as a download, and only pictures ever inside a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.files.reach import visible_file
from rapport.kernel.files.sniffing import LOOKED_AT, SHOWN_INSIDE, sniffed
from rapport.kernel.files.store import keep, path_of
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.surfaces.web.posted import Posted

#: More are not looked at; a field says how many it takes.
MOST_AT_ONCE = 20
#: Whatever a file holds, it runs nothing, loads nothing, and no other site shows it.
_LOCKED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep one uploaded file; the answer holds the four facts that a file field takes."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not any(gate.allows(ctx, t, "create") or gate.allows(ctx, t, "edit") for t in registry.all()):
        raise Refused(_("Your role does not allow you to upload files."))
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("Choose a file to upload."), field="file")
    return JsonResponse(keep(ctx, given), status=201)


def store_uploads(request: HttpRequest, posted: Posted, fields: Iterable[Field]) -> None:
    """Keep the files a form brought (`<field>__upload`) and put their facts among its values."""
    for one in fields:
        if one.kind.key == "files":
            _store_several(request, posted, one)
            continue
        given = request.FILES.get(f"{one.key}__upload")
        if given is None:
            continue
        try:
            posted.values[one.key] = keep(request.ctx, given)  # type: ignore[attr-defined]
            posted.errors.pop(one.key, None)
        except Invalid as wrong:
            posted.errors[one.key] = wrong.sentence


def _store_several(request: HttpRequest, posted: Posted, one: Field) -> None:
    """Those that came now, after those that were kept when the form was refused; one that is refused loses no other."""
    before = posted.values.get(one.key)
    kept = list(before) if isinstance(before, list) else []
    for given in request.FILES.getlist(f"{one.key}__upload")[:MOST_AT_ONCE]:
        try:
            kept.append(keep(request.ctx, given))  # type: ignore[attr-defined]
        except Invalid as wrong:
            posted.errors[one.key] = f"{given.name}: {wrong.sentence}"
    if kept:
        posted.values[one.key] = kept


@require_GET
def download(request: HttpRequest, key: str) -> HttpResponse:
    """A stored file, when it belongs to a record the viewer may see; raises Gone otherwise.

    With `?inside=1` a picture may stand in a page; everything else is a download however it is asked for. The type is
    read off the bytes each time.
    """
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    facts = visible_file(ctx, key)
    if facts is None or not path_of(key).is_file():
        raise Gone(_("This file does not exist, or you may not see it."))
    _note_download(ctx, key)
    return as_download(key, str(facts["name"]), inside="inside" in request.GET)


def as_download(key: str, name: str, *, inside: bool = False) -> HttpResponse:
    """The bytes under a key, sealed: whoever calls has made sure that the reader may have them. Raises Gone without them."""
    path = path_of(key)
    if not path.is_file():
        raise Gone(_("This file does not exist, or you may not see it."))
    stream = path.open("rb")
    type_ = sniffed(stream.read(LOOKED_AT))
    stream.seek(0)
    inside = inside and type_ in SHOWN_INSIDE
    response = FileResponse(stream, as_attachment=not inside, filename=name, content_type=type_)
    for header, value in _LOCKED.items():
        response.headers[header] = value
    return response


def as_picture(key: str) -> HttpResponse:
    """A picture that stands in a page; what is none is not there. Raises Gone."""
    path = path_of(key)
    if not path.is_file():
        raise Gone(_("This file does not exist, or you may not see it."))
    with path.open("rb") as stream:
        if sniffed(stream.read(LOOKED_AT)) not in SHOWN_INSIDE:
            raise Gone(_("This file does not exist, or you may not see it."))
    return as_download(key, "picture", inside=True)


def _note_download(ctx: Context, key: str) -> None:
    """A file that goes out is an export; the entry names the record it hangs on."""
    for info in registry.all():
        for one in (f for f in info.fields.values() if f.kind.key == "file"):
            held = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=one.key, key=key)
            record_id = held.values_list("record_id", flat=True).first()
            if record_id is not None:
                note_quietly(ctx, "exported", type_key=info.key, record_id=record_id, format="file", columns=[one.key])
                return
