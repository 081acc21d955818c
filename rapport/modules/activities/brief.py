"""What to know of the contact with a customer before one calls, and how it counts for their health."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.read import Row, load_titles, read_page
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine, HealthPart

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_CONTACTS = ("call", "meeting", "email", "visit", "message")
_MOST_TASKS = 50
#: Days since the last contact -> points; the first that fits counts.
_RECENCY = ((14, 25), (30, 15), (90, 0), (180, -15))
_SILENT, _NEVER, _LATE, _MOST_LATE = -25, -10, -8, -24


@dataclass(frozen=True)
class OpenTasks:
    """The open tasks of a customer: the earliest, how many, how many of them late."""

    first: Row | None
    count: int
    late: int


def open_tasks(ctx: Context, record_id: UUID) -> OpenTasks | None:
    """The open tasks the viewer may see, asked for once on a page; None without the right to tasks."""
    task = registry.get("task")
    if not gate.allows(ctx, task, "view"):
        return None
    mark = ("open tasks", record_id)
    if mark not in ctx.memory:
        rows = gate.visible(ctx, task).filter(customer_id=record_id, state="open")
        page = read_page(ctx, task, base=rows, sort="due_on", fields=("subject", "due_on"), limit=_MOST_TASKS)
        days = [row.values.get("due_on") for row in page.rows]
        late = sum(isinstance(day, dt.date) and day < ctx.format.today for day in days)
        ctx.memory[mark] = OpenTasks(page.rows[0] if page.rows else None, len(page.rows), late)
    found = ctx.memory[mark]
    assert isinstance(found, OpenTasks)
    return found


@slot("record.brief", type_key="customer", order=20)
def last_contact(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """When somebody was last in touch, by whom, what about: the latest contact this viewer may see."""
    assert record is not None
    activity = registry.get("activity")
    if not gate.allows(ctx, activity, "view"):
        return None
    rows = gate.visible(ctx, activity).filter(customer_id=record.pk, kind__in=_CONTACTS, happened_at__lte=ctx.format.now)
    page = read_page(
        ctx, activity, base=rows, sort="-happened_at", fields=("subject", "happened_at", "owner", "outcome"), limit=1
    )
    if not page.rows:
        return Panel("", "", {"lines": [BriefLine("history", _("Last contact"), _("None yet"), hue="warn")]})
    row = page.rows[0]
    load_titles(ctx, page.rows, page.fields)
    at, owner = row.values.get("happened_at"), row.values.get("owner")
    who = ctx.format.titles.get(("user", owner)) if isinstance(owner, UUID) else None
    when = shown_as.relative(at, ctx.format) if isinstance(at, dt.datetime) else ""
    about = " · ".join(str(row.values[key]) for key in ("subject", "outcome") if row.values.get(key))
    text = _("%(when)s by %(name)s") % {"when": when, "name": who.text} if who else when
    return Panel("", "", {"lines": [BriefLine("history", _("Last contact"), text, activity.record_url(row.id), detail=about)]})


@slot("record.brief", type_key="customer", order=30)
def tasks_open(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """How many tasks are open, and the earliest."""
    assert record is not None
    found = open_tasks(ctx, record.pk)
    if found is None or found.first is None:
        return None
    text = ngettext("%(num)d open task", "%(num)d open tasks", found.count) % {"num": found.count}
    if found.late:
        text = ngettext("%(num)d open task, %(late)d overdue", "%(num)d open tasks, %(late)d overdue", found.count) % {
            "num": found.count, "late": found.late,
        }  # fmt: skip
    url = registry.get("task").record_url(found.first.id)
    detail = str(found.first.values.get("subject") or "")
    line = BriefLine("square-check", _("To do"), text, url, hue="bad" if found.late else "", detail=detail)
    return Panel("", "", {"lines": [line]})


@slot("record.health", type_key="customer", order=10)
def contact_health(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """How long ago the last contact was, and what was promised and not done."""
    assert info is not None and record is not None
    tasks, contact = open_tasks(ctx, record.pk), gate.fields(ctx, info).get("last_contact_at")
    if tasks is None or contact is None or not gate.allows(ctx, registry.get("activity"), "view"):
        return Panel("", "", {"is_hidden": True})
    parts = [_recency(ctx, read_value(record, contact))]
    if tasks.late:
        reason = ngettext("%(num)d task is overdue", "%(num)d tasks are overdue", tasks.late) % {"num": tasks.late}
        parts.append(HealthPart(max(_MOST_LATE, _LATE * tasks.late), reason))
    return Panel("", "", {"parts": parts})


def _recency(ctx: Context, at: object) -> HealthPart:
    if not isinstance(at, dt.datetime):
        return HealthPart(_NEVER, _("No contact yet"))
    days = max(0, (ctx.format.now - at).days)
    points = next((points for most, points in _RECENCY if days <= most), _SILENT)
    if not days:
        return HealthPart(points, _("Last contact today"))
    return HealthPart(points, ngettext("Last contact %(num)d day ago", "Last contact %(num)d days ago", days) % {"num": days})
