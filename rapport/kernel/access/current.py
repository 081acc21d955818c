"""Which workspace the running code is in. Record managers refuse to work outside one (fail closed).

On PostgreSQL the same answer stands behind a second wall: the database connection tells it to the server with every
statement (`rapport/project/postgres`), and row-level security shows only that workspace's rows (`walls.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.errors import NoWorkspace

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace

_workspace_id: ContextVar[UUID | None] = ContextVar("rapport_workspace_id", default=None)
_unscoped: ContextVar[str] = ContextVar("rapport_unscoped", default="")

#: The schema version of the workspace in force, once somebody has read it in this block.
_schema: ContextVar[int | None] = ContextVar("rapport_schema", default=None)

#: What the database is told outside any workspace: nothing is shown, nothing is taken.
OUTSIDE = ("", "")


def current_workspace_id() -> UUID:
    """The id of the workspace in force; raises NoWorkspace outside of one."""
    found = _workspace_id.get()
    if found is None:
        raise NoWorkspace("Records were touched outside any workspace.")
    return found


def workspace_in_force() -> UUID | None:
    """The id of the workspace in force, None outside of one."""
    return _workspace_id.get()


def note_schema(workspace: Workspace) -> None:
    """Remember the schema version of the workspace in force, so that nobody has to ask for it; the newest anybody knows."""
    if workspace.pk == _workspace_id.get() and workspace.schema_version > (_schema.get() or 0):
        _schema.set(workspace.schema_version)


def forget_schema() -> None:
    """Ask again: what was noted belongs to a transaction that was rolled back."""
    _schema.set(None)


def noted_schema() -> int | None:
    """The schema version somebody noted for the workspace in force."""
    return _schema.get()


@contextmanager
def use_workspace(workspace: object) -> Iterator[None]:
    """Run the block inside a workspace (a Workspace or its id); nests, and always puts the former one back."""
    wanted = workspace if isinstance(workspace, UUID) else workspace.pk  # type: ignore[attr-defined]
    with _in_force(wanted):
        yield


@contextmanager
def no_workspace() -> Iterator[None]:
    """Run the block outside any workspace (sign-in, health): touching a record there raises."""
    with _in_force(None):
        yield


@contextmanager
def use_workspace_or_none(workspace_id: UUID | None) -> Iterator[None]:
    """Inside the workspace a job or schedule belongs to; outside any for one that belongs to none."""
    with _in_force(workspace_id):
        yield


@contextmanager
def unscoped(why: str) -> Iterator[None]:
    """Let the block look across workspaces, for a reason; the second wall stands open only as long as it runs.

    Only for what must know where somebody belongs before a workspace can be entered (sign-in, tokens, the queue) or
    works on the installation as a whole (migrations, doctor). Each use is on a reviewed list that a test compares.
    The guarded manager of records is not opened by it.
    """
    if not why:
        raise ValueError("Say why this must look across workspaces.")
    token = _unscoped.set(why)
    try:
        yield
    finally:
        _unscoped.reset(token)


def is_unscoped() -> bool:
    """Whether the running code is inside `unscoped`."""
    return bool(_unscoped.get())


def told_to_database() -> tuple[str, str]:
    """What the second wall must know now: the id of the workspace in force, and "yes" inside `unscoped`."""
    workspace_id = _workspace_id.get()
    return ("" if workspace_id is None else str(workspace_id), "yes" if _unscoped.get() else "")


@contextmanager
def _in_force(workspace_id: UUID | None) -> Iterator[None]:
    token = _workspace_id.set(workspace_id)
    # Whoever enters a workspace is a guest of that one only, also inside a block that looks across.
    shut, schema = _unscoped.set(""), _schema.set(None)
    try:
        yield
    finally:
        _schema.reset(schema)
        _unscoped.reset(shut)
        _workspace_id.reset(token)
