"""Which workspace the running code is in. Record managers refuse to work outside one (fail closed)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from rapport.kernel.errors import NoWorkspace

_workspace_id: ContextVar[UUID | None] = ContextVar("rapport_workspace_id", default=None)


def current_workspace_id() -> UUID:
    """The id of the workspace in force; raises NoWorkspace outside of one."""
    found = _workspace_id.get()
    if found is None:
        raise NoWorkspace("Records were touched outside any workspace.")
    return found


@contextmanager
def use_workspace(workspace: object) -> Iterator[None]:
    """Run the block inside a workspace (a Workspace or its id); nests, and always puts the former one back."""
    wanted = workspace if isinstance(workspace, UUID) else workspace.pk  # type: ignore[attr-defined]
    token = _workspace_id.set(wanted)
    try:
        yield
    finally:
        _workspace_id.reset(token)


@contextmanager
def no_workspace() -> Iterator[None]:
    """Run the block outside any workspace (sign-in, health): touching a record there raises."""
    token = _workspace_id.set(None)
    try:
        yield
    finally:
        _workspace_id.reset(token)
