"""Readers of the change log: each keeps a cursor and is handed the changes after it, in order, once they are committed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from django.db import transaction

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import STORY, Change, ReaderCursor

log = logging.getLogger("rapport.changes")
Reader = Callable[[Workspace, Sequence[Change]], None]
_readers: dict[str, Reader] = {}
_BATCH = 500


def change_reader(name: str) -> Callable[[Reader], Reader]:
    """Register a reader under a name that never changes (its cursor hangs on it)."""

    def add(function: Reader) -> Reader:
        _readers[name] = function
        return function

    return add


def run_readers() -> int:
    """Hand every reader what is new in every workspace; returns how many changes were read. Called by the job runner.

    One query tells who is behind. A reader that fails is logged and tried again later; it holds up no other.
    """
    done = 0
    if not _readers:
        return done
    with unscoped("which readers of the change log are behind, in all workspaces at once"):
        at = {(c.workspace_id, c.reader): c.number for c in ReaderCursor.objects.filter(reader__in=list(_readers))}
    for workspace in Workspace.objects.filter(change_number__gt=0):
        for name, function in _readers.items():
            if at.get((workspace.pk, name), 0) < workspace.change_number:
                try:
                    done += _catch_up(name, function, workspace)
                except Exception:
                    log.exception("The reader %s failed; it will see the same changes again.", name)
    return done


def _catch_up(name: str, function: Reader, workspace: Workspace) -> int:
    """One batch for one reader; the cursor moves in the same transaction, so a killed reader repeats, never skips."""
    with use_workspace(workspace):
        cursor, _made = ReaderCursor.objects.get_or_create(workspace=workspace, reader=name)
        return _hand_over(name, function, workspace, cursor)


def _hand_over(name: str, function: Reader, workspace: Workspace, cursor: ReaderCursor) -> int:
    with transaction.atomic():
        batch = list(Change.objects.filter(workspace=workspace, number__gt=cursor.number).order_by("number")[:_BATCH])
        if not batch:
            return 0
        mine = ReaderCursor.objects.filter(pk=cursor.pk, workspace=workspace, number=cursor.number)
        moved = mine.update(number=batch[-1].number)
        # What was merely tried, exported or signed into is no news of any record.
        told = [one for one in batch if one.verb in STORY]
        if moved and told:
            function(workspace, told)
    return len(batch)
