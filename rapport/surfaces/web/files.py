"""Uploaded files: kept under random keys in the data folder, handed out only through a record the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.kinds.file import file_name, new_key
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.surfaces.web.posted import Posted

LARGEST = 50 * 1024 * 1024
#: What a file begins with, and what it is then. Anything else is plain text or unknown; the name is never believed.
_SIGNS = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
]


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep one uploaded file; the answer holds the four facts that a file field takes."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not any(gate.allows(ctx, t, "create") or gate.allows(ctx, t, "edit") for t in registry.all()):
        raise Refused(_("Your role does not allow you to upload files."))
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("Choose a file to upload."), field="file")
    return JsonResponse(store(given), status=201)


def store(given: UploadedFile) -> dict[str, object]:
    """Write a file under a new key and tell key, name, size and type. Raises Invalid when it is too large or empty."""
    if not given.size:
        raise Invalid(_("This file is empty; choose another."), code="empty_file")
    if given.size > LARGEST:
        raise Invalid(
            _("This file is larger than %(most)d MB; choose a smaller one.") % {"most": LARGEST // 2**20},
            code="too_large",
        )
    key = new_key()
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    start = b""
    with path.open("xb") as out:
        path.chmod(0o600)
        for chunk in given.chunks():
            start = start or chunk[:4096]
            out.write(chunk)
    return {"key": key, "name": file_name(given.name), "size": given.size, "type": sniffed(start)}


def store_uploads(request: HttpRequest, posted: Posted, fields: Iterable[Field]) -> None:
    """Keep the files a form brought (`<field>__upload`) and put their facts among its values."""
    for one in fields:
        given = request.FILES.get(f"{one.key}__upload")
        if given is None:
            continue
        try:
            posted.values[one.key] = store(given)
            posted.errors.pop(one.key, None)
        except Invalid as wrong:
            posted.errors[one.key] = wrong.sentence


@require_GET
def download(request: HttpRequest, key: str) -> HttpResponse:
    """A stored file as a download, when it belongs to a record the viewer may see. Raises Gone otherwise."""
    facts = visible_file(request.ctx, key)  # type: ignore[attr-defined]
    path = path_of(key)
    if facts is None or not path.is_file():
        raise Gone(_("This file does not exist, or you may not see it."))
    _note_download(request, key)
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=str(facts["name"]), content_type=inert(str(facts["type"]))
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _note_download(request: HttpRequest, key: str) -> None:
    """A file that goes out is an export; the entry names the record it hangs on."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    for info in registry.all():
        for one in (f for f in info.fields.values() if f.kind.key == "file"):
            held = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=one.key, key=key)
            record_id = held.values_list("record_id", flat=True).first()
            if record_id is not None:
                note_quietly(ctx, "exported", type_key=info.key, record_id=record_id, format="file", columns=[one.key])
                return


def inert(type_: str) -> str:
    """The type a file is sent as: one of those we find out ourselves; what somebody wrote into a record is not believed."""
    return type_ if type_ in {*(found for _sign, found in _SIGNS), "image/webp", "text/plain"} else "application/octet-stream"


def visible_file(ctx: Context, key: str) -> dict[str, object] | None:
    """The facts of a file on a record and in a field that the viewer may see, else None."""
    for info in registry.all():
        for one in gate.fields(ctx, info).values():
            if one.kind.key != "file":
                continue
            holders = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=one.key, key=key)
            rows = gate.visible(ctx, info).filter(pk__in=holders.values("record_id"))
            found = rows.values_list(one.path, flat=True).first()
            if isinstance(found, dict) and found.get("key") == key:
                return found
    return None


def path_of(key: str) -> Path:
    """Where a file lies; a key that is none of ours raises Gone."""
    if not key.replace("-", "").replace("_", "").isalnum() or not 16 <= len(key) <= 64 or not key.isascii():
        raise Gone(_("This file does not exist, or you may not see it."))
    return Path(settings.DATA) / "files" / key[:2] / key


def sniffed(start: bytes) -> str:
    """The type of a file from its first bytes."""
    for sign, type_ in _SIGNS:
        if start.startswith(sign):
            return type_
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    try:
        start[:-3].decode("utf-8") if len(start) > 3 else start.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\0" in start else "text/plain"
