"""What the day page shows of activities: today's schedule. Tasks are in `day_tasks.py`."""

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
_MOST_EVENTS = 20


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


def _title(ctx: Context, type_key: str, pk: object) -> Title | None:
    return ctx.format.titles.get((type_key, pk)) if isinstance(pk, UUID) else None


def _clock(ctx: Context, at: dt.datetime) -> str:
    return shown_as.clock(at.astimezone(ctx.format.zone).time(), ctx.format)
