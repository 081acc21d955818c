"""The tasks of the day page: due ones (overdue first), follow-ups among them, and what comes in the next days.

All three panels are read together: my open tasks and those that lie with my team.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.kinds.base import Title
from rapport.kernel.query.read import Row, load_titles, pick_fields, read_ids
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.activities.slots import ICONS

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_FIELDS = ("subject", "kind", "due_on", "due_time", "customer", "about", "is_follow_up")
_MOST, _MOST_OF_TEAM, _MOST_AHEAD = 60, 10, 6
_DAYS_AHEAD = 7


@dataclass(frozen=True)
class TaskLine:
    """One open task, ready to show."""

    id: UUID
    subject: str
    url: str
    icon: str
    kind: str
    customer: Title | None
    due: str
    due_iso: str
    is_late: bool
    is_ahead: bool
    is_follow_up: bool
    is_of_team: bool
    may_finish: bool
    may_postpone: bool


@dataclass(frozen=True)
class DayTasks:
    """What was read; `more` says that there are more due than shown."""

    lines: list[TaskLine]
    more: bool

    def due(self, *, follow_ups: bool) -> list[TaskLine]:
        """Those up to today."""
        return [one for one in self.lines if not one.is_ahead and one.is_follow_up == follow_ups]


def day_tasks(ctx: Context) -> DayTasks | None:
    """My open tasks up to a week ahead, read once per page; None without the right to see tasks."""
    task = registry.get("task")
    if not gate.allows(ctx, task, "view"):
        return None
    found = ctx.memory.get("day tasks")
    if not isinstance(found, DayTasks):
        mine, of_team = _ids(ctx, task, owner_id=ctx.viewer.user_id)[: _MOST + 1], _of_team(ctx, task)
        rows = read_ids(ctx, task, [*mine[:_MOST], *of_team], _FIELDS)
        load_titles(ctx, rows.values(), pick_fields(ctx, task, _FIELDS))
        lines = [_line(ctx, task, row, is_of_team=pk in of_team) for pk, row in rows.items()]
        lines.sort(key=lambda one: (one.due_iso, one.id))
        found = ctx.memory["day tasks"] = DayTasks(lines, len(mine) > _MOST)
    return found


def _ids(ctx: Context, task: TypeInfo, **whose: object) -> list[UUID]:
    """Open tasks up to a week ahead, the oldest first: along the index of whose they are. (A page of the query layer would
    also ask for those without a day, which are not wanted here.)"""
    until = ctx.format.today + dt.timedelta(days=_DAYS_AHEAD)
    rows = gate.visible(ctx, task).filter(**whose, state="open", due_on__lte=until)
    return list(rows.order_by("due_on", "pk").values_list("pk", flat=True)[: _MOST + 1])


def _of_team(ctx: Context, task: TypeInfo) -> list[UUID]:
    """What lies with my team and nobody in particular."""
    team = ctx.viewer.team_id
    return _ids(ctx, task, team_id=team, owner_id=None)[:_MOST_OF_TEAM] if team is not None else []


@slot("home.main", order=20)
def my_tasks(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """My open tasks up to today, overdue ones first."""
    found = day_tasks(ctx)
    if found is None:
        return None
    lines = found.due(follow_ups=False)
    late = sum(one.is_late for one in lines)
    count = _("%(today)d today, %(late)d overdue") % {"today": len(lines) - late, "late": late} if late else str(len(lines))
    task = registry.get("task")
    values = {
        "tasks": lines, "may_add": gate.allows(ctx, task, "create"), "more": found.more, "link": _("All my tasks"),
    }  # fmt: skip
    return Panel(_("Tasks"), "activities/tasks.html", values, count=count if lines else "", url=task.url)


@slot("home.main", order=25)
def follow_ups_due(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Follow-ups up to today: what a task or a rule put there."""
    found = day_tasks(ctx)
    lines = found.due(follow_ups=True) if found else []
    return Panel(_("Follow-ups due"), "activities/follow_ups.html", {"tasks": lines}, count=str(len(lines))) if lines else None


@slot("home.main", order=30)
def coming_up(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """My tasks of the next seven days."""
    found = day_tasks(ctx)
    lines = [one for one in found.lines if one.is_ahead][:_MOST_AHEAD] if found else []
    return Panel(_("Coming up"), "activities/tasks.html", {"tasks": lines, "may_add": False, "more": False}) if lines else None


def _line(ctx: Context, task: TypeInfo, row: Row, *, is_of_team: bool = False) -> TaskLine:
    due, at, today = row.values.get("due_on"), row.values.get("due_time"), ctx.format.today
    assert due is None or isinstance(due, dt.date)
    shown = shown_as.date(due, ctx.format) if due else ""
    if due == today and isinstance(at, dt.time):
        shown = shown_as.clock(at, ctx.format)
    customer, about = row.values.get("customer"), row.values.get("about")
    kind = str(row.values.get("kind"))
    return TaskLine(
        id=row.id, subject=str(row.values.get("subject") or ""), url=task.record_url(row.id),
        icon=ICONS.get(kind, "square-check-big"),
        kind=task.fields["kind"].kind.text(kind, ctx.format),
        customer=ctx.format.titles.get(("customer", customer)) or ctx.format.titles.get(about),  # type: ignore[arg-type]
        due=shown, due_iso=due.isoformat() if due else "", is_late=due is not None and due < today,
        is_ahead=due is not None and due > today, is_follow_up=bool(row.values.get("is_follow_up")), is_of_team=is_of_team,
        may_finish=gate.allows(ctx, task, "done"), may_postpone=gate.allows(ctx, task, "postpone"),
    )  # fmt: skip
