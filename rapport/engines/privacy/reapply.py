"""Doing erasures again: after an older backup was restored, and when the time of a legal retention is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from rapport.engines.privacy.erasing import erase_subject
from rapport.engines.privacy.journal import read_journal
from rapport.engines.privacy.models import Erasure
from rapport.engines.privacy.registry import subject_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import working_as_system
from rapport.kernel.records.registry import registry


def reapply(journal: Path) -> Iterator[tuple[Workspace, Erasure]]:
    """Erase again what the journal says was erased and this database does not know of, and what no law keeps any more."""
    spaces = {one.pk: one for one in Workspace.objects.all()}
    for line in read_journal(journal):
        space = spaces.get(line.workspace_id)
        if space is None or line.type_key not in registry:
            continue
        with use_workspace(space):
            is_known = Erasure.objects.filter(workspace_id=space.pk, record_id=line.record_id).exists()
        if not is_known:
            yield from _again(space, line.type_key, line.record_id, "reapplied")
    for space in spaces.values():
        with use_workspace(space):
            over = list(Erasure.objects.filter(workspace_id=space.pk, kept_until__lte=dt.datetime.now(dt.UTC).date()))
        for erasure in over:
            yield from _again(space, erasure.type, erasure.record_id, "retention_over")
            with use_workspace(space):
                Erasure.objects.filter(workspace_id=space.pk, pk=erasure.pk).update(kept_until=None)


def _again(space: Workspace, type_key: str, record_id: object, reason: str) -> Iterator[tuple[Workspace, Erasure]]:
    with working_as_system(space, "privacy") as ctx:
        info = registry.get(type_key)
        record = info.model.objects.filter(pk=record_id).first()
        if record is not None and subject_of(info, record) is not None:
            yield space, erase_subject(ctx, record, reason=reason)
