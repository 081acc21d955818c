"""Which uploads found a record, and the end of those that did not."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.changes.written import Written
from rapport.kernel.files.models import FileUpload
from rapport.kernel.files.store import path_of
from rapport.kernel.query.models import IndexedValue

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.files")
#: How long a form may stay open with a file chosen and not saved.
WAITS = dt.timedelta(days=1)
_AT_ONCE = 1000


@indexer
def mark_attached(ctx: Context, written: list[Written]) -> None:
    """Note that files came onto records; from then on they stay."""
    keys = [
        new["key"]
        for one in written
        for new in (values[1] for values in one.diff.values())
        if isinstance(new, dict) and set(new) == {"key", "name", "size", "type"}
    ]
    if keys:
        waiting = FileUpload.objects.filter(workspace_id=ctx.workspace.pk, key__in=keys, attached_at=None)
        waiting.update(attached_at=dt.datetime.now(dt.UTC))


def remove_unattached(now: dt.datetime | None = None) -> int:
    """Remove uploads that no record took within a day, bytes and receipt; returns how many."""
    before = (now or dt.datetime.now(dt.UTC)) - WAITS
    with unscoped("uploads that no record took are removed in every workspace"):
        waiting = FileUpload.objects.filter(attached_at=None, created_at__lt=before)
        found = list(waiting.values_list("workspace_id", "pk", "key")[:_AT_ONCE])
    return sum(_remove(*one) for one in found)


def _remove(workspace_id: UUID, pk: UUID, key: str) -> bool:
    with use_workspace(workspace_id), transaction.atomic():
        if IndexedValue.objects.filter(workspace_id=workspace_id, key=key).exists():
            FileUpload.objects.filter(pk=pk).update(attached_at=dt.datetime.now(dt.UTC))
            return False
        # The row first: a record that takes the file at this moment waits for us, and finds no receipt then.
        if not FileUpload.objects.filter(pk=pk, attached_at=None).delete()[0]:
            return False
        path_of(key).unlink(missing_ok=True)
    log.info("An upload that no record took was removed.")
    return True


def hold(ctx: Context, keys: Sequence[str]) -> None:
    """Keep files that no record holds, for something that is under way (mail that waits); until `let_go`."""
    waiting = FileUpload.objects.filter(workspace_id=ctx.workspace.pk, key__in=list(keys), attached_at=None)
    waiting.update(attached_at=dt.datetime.now(dt.UTC))


def let_go(ctx: Context, keys: Sequence[str]) -> None:
    """What was under way is over: files that no record holds go within a day."""
    FileUpload.objects.filter(workspace_id=ctx.workspace.pk, key__in=list(keys)).update(attached_at=None)
