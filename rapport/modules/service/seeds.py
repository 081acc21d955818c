"""What a new workspace starts with in service: office hours, one promise for each priority, one queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t

from rapport.engines.clocks.typed import DAYS
from rapport.kernel.access.setup import workspace_seed

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: priority, first reply, solution, in minutes of the service hours
_PROMISES = [("urgent", 60, 480), ("high", 240, 960), ("normal", 480, 2400), ("low", 960, 4800)]


@workspace_seed
def first_queue(ctx: Context) -> None:
    """The queue "Support" with usual promises."""
    hours = ctx.create("service_hours", name=_t("Office hours"), **dict.fromkeys(DAYS[:5], "09:00-17:00"))
    level = ctx.create("service_level", name=_t("Standard"), hours=hours.pk)
    for priority, reply, solve in _PROMISES:
        ctx.create("service_promise", level=level.pk, priority=priority, reply_minutes=reply, solve_minutes=solve)
    ctx.create("queue", name=_t("Support"), position=10, level=level.pk)
