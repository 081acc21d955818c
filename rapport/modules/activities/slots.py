"""What the day page shows of activities: today's schedule, my open tasks, what comes next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.kinds.base import Title
from rapport.kernel.query.read import Row, load_titles, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Icons of the kinds of tasks and activities.
ICONS = {
    "todo": "square-check-big",
    "call": "phone",
    "email": "mail",
    "meeting": "users",
    "visit": "map-pin",
    "send": "send",
    "note": "sticky-note",
    "message": "message-circle",
}
_TASK_FIELDS = ("subject", "kind", "due_on", "due_time", "customer", "about")
_MOST_TASKS, _MOST_EVENTS, _MOST_AHEAD = 50, 20, 6


@dataclass(frozen=True)
class TaskLine:
    """One open task, ready to show."""

    id: UUID
    subject: str
    url: str
    icon: str
    customer: Title | None
    due: str
    due_iso: str
    is_late: bool
    may_finish: bool


@dataclass(frozen=True)
class EventLine:
    """One appointment of today; `now_before` draws the line of the present above it."""

    subject: str
    url: str
    starts: str
    ends: str
    icon: str
    hue: int
    customer: Title | None
    detail: str
    now_before: bool


@slot("home.main", order=10)
def schedule(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Calls, meetings and visits of today."""
    activity = registry.get("activity")
    if not gate.allows(ctx, activity, "view"):
        return None
    where = parse("owner is me and happened_at is today and kind is any of (call, meeting, visit)")
    page = read_page(
        ctx,
        activity,
        where=where,
        sort="happened_at",
        limit=_MOST_EVENTS,
        fields=("subject", "kind", "happened_at", "minutes", "customer", "outcome"),
    )
    if not page.rows:
        return None
    load_titles(ctx, page.rows, page.fields)
    events = _events(ctx, activity, page.rows)
    now = shown_as.clock(ctx.format.now.astimezone(ctx.format.zone).time(), ctx.format)
    values = {"events": events, "now": now, "now_after": not any(one.now_before for one in events)}
    return Panel(_("Schedule"), "activities/schedule.html", values, count=str(len(events)))


def _events(ctx: Context, activity: TypeInfo, rows: list[Row]) -> list[EventLine]:
    found: list[EventLine] = []
    line_drawn = False
    for row in rows:
        starts = row["happened_at"]
        assert isinstance(starts, dt.datetime)
        minutes = row.values.get("minutes")
        ends = starts + dt.timedelta(minutes=minutes) if isinstance(minutes, int) else None
        is_ahead = (ends or starts) >= ctx.format.now
        kind = str(row.values.get("kind") or "call")
        customer = _title(ctx, "customer", row.values.get("customer"))
        found.append(
            EventLine(
                subject=str(row.values.get("subject") or ""),
                url=activity.record_url(row.id),
                starts=_clock(ctx, starts),
                ends=_clock(ctx, ends) if ends else "",
                icon={"meeting": "video"}.get(kind, ICONS.get(kind, "calendar")),
                hue={"call": 1, "visit": 2, "meeting": 3}.get(kind, 1),
                customer=customer,
                detail=str(row.values.get("outcome") or ""),
                now_before=is_ahead and not line_drawn,
            )
        )
        line_drawn = line_drawn or is_ahead
    return found


@slot("home.main", order=20)
def my_tasks(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """My open tasks up to today, overdue ones first."""
    task = registry.get("task")
    if not gate.allows(ctx, task, "view"):
        return None
    where = parse("owner is me and state is open and due_on <= today")
    page = read_page(ctx, task, where=where, sort="due_on", fields=_TASK_FIELDS, limit=_MOST_TASKS)
    load_titles(ctx, page.rows, page.fields)
    lines = _tasks(ctx, task, page.rows)
    late = sum(one.is_late for one in lines)
    count = (
        _("%(today)d today, %(late)d overdue") % {"today": len(lines) - late, "late": late} if late else str(len(lines))
    )
    values = {
        "tasks": lines,
        "may_add": gate.allows(ctx, task, "create"),
        "more": bool(page.next),
        "link": _("All my tasks"),
    }
    return Panel(_("Tasks"), "activities/tasks.html", values, count=count if lines else "", url=task.url)


@slot("home.main", order=30)
def coming_up(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """My tasks of the next seven days."""
    task = registry.get("task")
    if not gate.allows(ctx, task, "view"):
        return None
    where = parse("owner is me and state is open and due_on > today and due_on <= today+7d")
    page = read_page(ctx, task, where=where, sort="due_on", fields=_TASK_FIELDS, limit=_MOST_AHEAD)
    if not page.rows:
        return None
    load_titles(ctx, page.rows, page.fields)
    values = {"tasks": _tasks(ctx, task, page.rows), "may_add": False, "more": False}
    return Panel(_("Coming up"), "activities/tasks.html", values)


def _tasks(ctx: Context, task: TypeInfo, rows: list[Row]) -> list[TaskLine]:
    may_finish = gate.allows(ctx, task, "done")
    today = ctx.format.today
    found = []
    for row in rows:
        due, at = row.values.get("due_on"), row.values.get("due_time")
        assert due is None or isinstance(due, dt.date)
        shown = shown_as.date(due, ctx.format) if due else ""
        if due == today and isinstance(at, dt.time):
            shown = shown_as.clock(at, ctx.format)
        found.append(
            TaskLine(
                id=row.id,
                subject=str(row.values.get("subject") or ""),
                url=task.record_url(row.id),
                icon=ICONS.get(str(row.values.get("kind")), "square-check-big"),
                customer=_title(ctx, "customer", row.values.get("customer")) or _about(ctx, row.values.get("about")),
                due=shown,
                due_iso=due.isoformat() if due else "",
                is_late=due is not None and due < today,
                may_finish=may_finish,
            )
        )
    return found


def _title(ctx: Context, type_key: str, pk: object) -> Title | None:
    return ctx.format.titles.get((type_key, pk)) if isinstance(pk, UUID) else None


def _about(ctx: Context, value: object) -> Title | None:
    return ctx.format.titles.get(value) if isinstance(value, tuple) else None


def _clock(ctx: Context, at: dt.datetime) -> str:
    return shown_as.clock(at.astimezone(ctx.format.zone).time(), ctx.format)
