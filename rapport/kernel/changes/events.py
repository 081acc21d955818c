"""Events in the change log that are no field diffs (stand-in until the audit branch lands)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rapport.kernel.changes.unit import NewChange, unit_of_work
from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def note_event(ctx: Context, verb: str, record: Record | None = None, type_key: str = "", **details: object) -> None:
    """Write one entry."""
    info = registry.of(record) if record is not None else registry.get(type_key)
    with unit_of_work(ctx) as unit:
        unit.changes.append(NewChange(
            id=new_id(), workspace_id=ctx.workspace.pk, type=info.key, record_id=record.pk if record else None, version=0, verb=verb,
            action=ctx.action, actor_id=ctx.actor_id, actor_name=ctx.actor_name, surface=ctx.surface, cause_id=ctx.cause_id,
            at=dt.datetime.now(dt.UTC), diff={},
        ))
