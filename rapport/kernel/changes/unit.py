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

from rapport.kernel.access.current import forget_schema
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes import chain
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.models import STORY, Change
from rapport.kernel.errors import Refused

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_COLUMNS = (
    "id", "workspace_id", "number", "type", "record_id", "version", "verb", "action", "actor_id", "actor_name",
    "surface", "cause_id", "at", "diff", "details", "salt", "digest", "hash",
)  # fmt: skip


@dataclass(slots=True)
class NewChange:
    """A row of the change log before it has its number (a model instance costs several times as much to make)."""

    id: UUID
    workspace_id: UUID
    type: str
    record_id: UUID | None
    version: int
    verb: str
    action: str
    actor_id: UUID | None
    actor_name: str
    surface: str
    cause_id: UUID | None
    at: dt.datetime
    diff: dict[str, list[object]]
    details: dict[str, object] = field(default_factory=dict)
    number: int = 0
    salt: str = ""
    digest: str = ""
    hash: str = ""


@dataclass
class Unit:
    """Changes of one workspace waiting for their numbers."""

    workspace_id: UUID
    changes: list[NewChange] = field(default_factory=list)


_open: ContextVar[Unit | None] = ContextVar("rapport_unit", default=None)


@contextmanager
def unit_of_work(ctx: Context) -> Iterator[Unit]:
    """Open a transaction (or join the workspace's open one); at the outermost end number and insert the change rows."""
    joined = _open.get()
    if joined is not None and joined.workspace_id == ctx.workspace.pk:
        yield joined
        return
    unit = Unit(ctx.workspace.pk)
    token = _open.set(unit)
    try:
        with transaction.atomic():
            yield unit
            _flush(ctx, unit)
    except BaseException:
        forget_schema()
        raise
    finally:
        _open.reset(token)


@contextmanager
def part_of_work(ctx: Context) -> Iterator[Unit]:
    """A part of an open unit that may fail without the rest: what it wrote is undone, and the log knows nothing of it."""
    with unit_of_work(ctx) as unit:
        before = len(unit.changes)
        try:
            with transaction.atomic():
                yield unit
        except BaseException:
            del unit.changes[before:]
            raise


def only_looking() -> Refused:
    """The refusal for whoever looks through another role's eyes."""
    return Refused(
        _("You are looking with the eyes of another role, so nothing can be changed. End the preview first."), code="preview"
    )


def _flush(ctx: Context, unit: Unit) -> None:
    changes = unit.changes
    if not changes:
        return
    if ctx.viewer.preview_of and any(change.verb in STORY for change in changes):
        raise only_looking()
    # Before the counter is taken: other writers of the workspace wait from there on (on PostgreSQL).
    for change, salt in zip(changes, chain.new_salts(len(changes)), strict=True):
        change.salt = salt
        change.digest = chain.digest_of(change, chain.body_of(change))
    last, before = _take_numbers(ctx, len(changes))
    for number, change in enumerate(changes, start=last - len(changes) + 1):
        change.number = number
        before = change.hash = chain.link(before, number, change.digest)
    insert_rows(Change, _COLUMNS, list(map(attrgetter(*_COLUMNS), changes)))
    Workspace.objects.filter(pk=ctx.workspace.pk).update(change_hash=before)


def _take_numbers(ctx: Context, count: int) -> tuple[int, str]:
    """Raise the workspace's counter by `count`; its new value, and the last hash of the chain. One statement on both
    databases, and whoever asks after us waits until we commit."""
    table = connection.ops.quote_name(Workspace._meta.db_table)
    wanted = Workspace._meta.pk.get_db_prep_value(ctx.workspace.pk, connection)
    with connection.cursor() as cursor:
        # Raw SQL: UPDATE ... RETURNING is one round trip where the ORM needs a lock and two.
        cursor.execute(
            f"UPDATE {table} SET change_number = change_number + %s WHERE id = %s RETURNING change_number, change_hash",
            [count, wanted],
        )
        number, before = cursor.fetchone()
        return int(number), str(before)
