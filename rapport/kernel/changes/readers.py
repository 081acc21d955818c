"""Readers of the change log: each keeps a cursor and is handed the changes after it, in order, once they are committed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from django.db import transaction

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import Change, ReaderCursor

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
    """Hand every reader what is new in every workspace; returns how many changes were read. Called by the job runner."""
    done = 0
    for name, function in _readers.items():
        for workspace in Workspace.objects.filter(change_number__gt=0):
            done += _catch_up(name, function, workspace)
    return done


def _catch_up(name: str, function: Reader, workspace: Workspace) -> int:
    """One batch for one reader; the cursor moves in the same transaction, so a killed reader repeats, never skips."""
    cursor, _made = ReaderCursor.objects.get_or_create(workspace=workspace, reader=name)
    if cursor.number >= workspace.change_number:
        return 0
    with transaction.atomic(), use_workspace(workspace):
        batch = list(
            Change.objects.filter(workspace=workspace, number__gt=cursor.number).order_by("number")[:_BATCH]
        )
        if not batch:
            return 0
        moved = ReaderCursor.objects.filter(pk=cursor.pk, number=cursor.number).update(number=batch[-1].number)
        if moved:
            function(workspace, batch)
    return len(batch)
