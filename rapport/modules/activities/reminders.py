"""Reminders: my open tasks whose reminder has come, in the bell of every page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.activities.slots import ICONS

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MOST = 12


@dataclass(frozen=True)
class Reminder:
    """One line of the bell."""

    subject: str
    url: str
    icon: str
    when: str
    iso: str


@slot("bell")
def reminders(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The newest of them, one query by the index of open tasks of an owner."""
    task = registry.get("task")
    if not gate.allows(ctx, task, "view") or ctx.viewer.user_id is None:
        return None
    page = read_page(
        ctx, task, where=parse("owner is me and state is open and remind_at <= now"),
        fields=["subject", "kind", "remind_at"], limit=_MOST,
    )  # fmt: skip
    lines = []
    for row in page.rows:
        at = row["remind_at"]
        assert isinstance(at, dt.datetime)
        when = task.fields["remind_at"].kind.text(at, ctx.format)
        icon = ICONS.get(str(row["kind"]), "bell")
        lines.append(Reminder(str(row["subject"]), task.record_url(row.id), icon, when, at.isoformat()))
    return Panel(_("Reminders"), "activities/reminders.html", {"lines": lines}, count=str(len(lines))) if lines else None
