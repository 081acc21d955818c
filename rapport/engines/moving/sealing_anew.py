"""The chain of the change log of a copy: its entries speak of other ids now, so their hashes are made again."""

from __future__ import annotations

from rapport.kernel.access.models import Workspace
from rapport.kernel.changes import chain
from rapport.kernel.changes.models import Change

_BATCH = 1000


def seal_anew(workspace: Workspace) -> None:
    """Walk the log and give every entry the digest and hash of what it says; entries from before the chain stay without."""
    last_hash, last = "", 0
    while True:
        batch = list(Change.objects.filter(workspace=workspace, number__gt=last).order_by("number")[:_BATCH])
        for row in batch:
            last = row.number
            if not row.hash:
                continue
            body = chain.body_of(row) if row.redacted_at is None else str(row.details.get(chain.SEALED))
            row.digest = chain.digest_of(row, body)
            row.hash = last_hash = chain.link(last_hash, row.number, row.digest)
        Change.objects.bulk_update(batch, ["digest", "hash"])
        if len(batch) < _BATCH:
            break
    Workspace.objects.filter(pk=workspace.pk).update(change_hash=last_hash)
    workspace.refresh_from_db()
