"""Keeping a file's bytes: under a random key in the data folder, readable by nobody else, with a receipt in the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.files.models import FileUpload
from rapport.kernel.files.sniffing import LOOKED_AT, sniffed
from rapport.kernel.kinds.file import file_name, new_key

if TYPE_CHECKING:
    from rapport.kernel.context import Context

LARGEST = 50 * 1024 * 1024


def keep(ctx: Context, given: UploadedFile) -> dict[str, object]:
    """Write a file under a new key; returns the four facts a file field takes. Raises Invalid when too large or empty."""
    if not given.size:
        raise Invalid(_("This file is empty; choose another."), code="empty_file")
    if given.size > LARGEST:
        raise Invalid(
            _("This file is larger than %(most)d MB; choose a smaller one.") % {"most": LARGEST // 2**20},
            code="too_large",
        )
    key, digest, start, size = new_key(), hashlib.sha256(), b"", 0
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as out:
        path.chmod(0o600)
        for chunk in given.chunks():
            start = start or chunk[:LOOKED_AT]
            size += len(chunk)
            digest.update(chunk)
            out.write(chunk)
    receipt = FileUpload.objects.create(
        workspace_id=ctx.workspace.pk, key=key, uploader_id=ctx.viewer.user_id, name=file_name(given.name),
        type=sniffed(start), size=size, sha256=digest.hexdigest(), created_at=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    return facts_of(receipt)


def facts_of(receipt: FileUpload) -> dict[str, object]:
    """What a file field holds."""
    return {"key": receipt.key, "name": receipt.name, "size": receipt.size, "type": receipt.type}


def path_of(key: str) -> Path:
    """Where a file lies; a key that is none of ours raises Gone."""
    if not key.replace("-", "").replace("_", "").isalnum() or not 16 <= len(key) <= 64 or not key.isascii():
        raise Gone(_("This file does not exist, or you may not see it."))
    return Path(settings.DATA) / "files" / key[:2] / key
