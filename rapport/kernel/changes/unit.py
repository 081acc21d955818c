"""The unit of work: one transaction, whose change rows get their numbers last.

The workspace's counter is a row that every writer updates, so it is taken at the very end: readers that remember
"up to number N" can then never miss a slower transaction (measured, architecture.md, "How a change flows"), and two
writers hold each other up only for the moment of committing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Refused

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_COLUMNS = (
    "id", "workspace_id", "number", "type", "record_id", "version", "verb", "action", "actor_id", "actor_name",
    "surface", "cause_id", "at", "diff",
)  # fmt: skip


@dataclass(slots=True)
class NewChange:
    """A row of the change log before it has its number (a model instance costs several times as much to make)."""

    id: UUID
    workspace_id: UUID
    type: str
    record_id: UUID
    version: int
    verb: str
    action: str
    actor_id: UUID | None
    actor_name: str
    surface: str
    cause_id: UUID | None
    at: dt.datetime
    diff: dict[str, list[object]]
    number: int = 0


@dataclass
class Unit:
    """Changes waiting for their numbers."""

    changes: list[NewChange] = field(default_factory=list)


_open: ContextVar[Unit | None] = ContextVar("rapport_unit", default=None)


@contextmanager
def unit_of_work(ctx: Context) -> Iterator[Unit]:
    """Open a transaction (or join the open one); at the outermost end number and insert the change rows."""
    joined = _open.get()
    if joined is not None:
        yield joined
        return
    unit = Unit()
    token = _open.set(unit)
    try:
        with transaction.atomic():
            yield unit
            _flush(ctx, unit)
    finally:
        _open.reset(token)


def only_looking() -> Refused:
    """The refusal for whoever looks through another role's eyes."""
    return Refused(
        _("You are looking with the eyes of another role, so nothing can be changed. End the preview first."), code="preview"
    )


def _flush(ctx: Context, unit: Unit) -> None:
    if not unit.changes:
        return
    if ctx.viewer.preview_of:
        raise only_looking()
    last = _take_numbers(ctx, len(unit.changes))
    first = last - len(unit.changes) + 1
    for offset, change in enumerate(unit.changes):
        change.number = first + offset
    insert_rows(Change, _COLUMNS, list(map(attrgetter(*_COLUMNS), unit.changes)))


def _take_numbers(ctx: Context, count: int) -> int:
    """Raise the workspace's counter by `count` and return its new value, in one statement on both databases."""
    table = connection.ops.quote_name(Workspace._meta.db_table)
    wanted = Workspace._meta.pk.get_db_prep_value(ctx.workspace.pk, connection)
    with connection.cursor() as cursor:
        # Raw SQL: UPDATE ... RETURNING is one round trip where the ORM needs a lock and two.
        cursor.execute(
            f"UPDATE {table} SET change_number = change_number + %s WHERE id = %s RETURNING change_number",
            [count, wanted],
        )
        return int(cursor.fetchone()[0])
