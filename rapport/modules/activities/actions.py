"""What one does with tasks: done (and what next?), postpone, open again."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from rapport.kernel.actions.registry import Input, action
from rapport.kernel.kinds.date import DateKind
from rapport.kernel.kinds.text import TextKind
from rapport.modules.activities.models import Task
from rapport.modules.activities.records import TaskType

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@action(TaskType, _("Done"), when="state is open", icon="check", primary=True)
def done(
    ctx: Context,
    task: Task,
    *,
    outcome: str | None = Input(TextKind, _("outcome"), required=False),
    next_step: str | None = Input(TextKind, _("what next?"), required=False),
    next_on: dt.date | None = Input(DateKind, _("when?"), required=False),
) -> Task | None:
    """Tick a task off, log the contact, and put the next step down."""
    ctx.write(task, state="done", done_at=ctx.format.now, outcome=outcome)
    if task.kind in ("call", "email", "meeting", "visit"):
        ctx.create(
            "activity", kind=task.kind, subject=task.subject, outcome=outcome, customer=task.customer_id,
            about=_about(task), direction="out", owner=task.owner_id,
        )  # fmt: skip
    if next_step or next_on:
        return _follow(ctx, task, next_step or task.subject, next_on)
    if task.repeats and task.due_on:
        return _follow(ctx, task, task.subject, next_due(task.due_on, task.repeats, task.repeats_every), repeat=True)
    return None


def _follow(ctx: Context, task: Task, subject: str, due_on: dt.date | None, *, repeat: bool = False) -> Task:
    more = {"repeats": task.repeats, "repeats_every": task.repeats_every, "due_time": task.due_time} if repeat else {}
    made = ctx.create(
        "task", subject=subject, kind=task.kind, due_on=due_on, customer=task.customer_id, about=_about(task),
        owner=task.owner_id, is_follow_up=not repeat, **more,
    )  # fmt: skip
    assert isinstance(made, Task)
    return made


def _about(task: Task) -> tuple[str, object] | None:
    return (task.about_type, task.about_id) if task.about_id else None


def next_due(due: dt.date, repeats: str, every: int) -> dt.date:
    """The next date of a repeating task: the same day, or the month's last when it has no such day."""
    if repeats in ("daily", "weekly"):
        return due + dt.timedelta(days=every * (7 if repeats == "weekly" else 1))
    months = due.year * 12 + due.month - 1 + every * (12 if repeats == "yearly" else 1)
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(due.day, calendar.monthrange(year, month + 1)[1]))


@action(TaskType, _("Postpone"), when="state is open", icon="alarm-clock")
def postpone(ctx: Context, task: Task, *, until: dt.date = Input(DateKind, _("until"))) -> None:
    """Move a task to a later day."""
    ctx.write(task, due_on=until)


@action(TaskType, _("Open again"), when="state is done", icon="undo-2")
def reopen(ctx: Context, task: Task) -> None:
    """Put a finished task back on the list."""
    ctx.write(task, state="open", done_at=None)
