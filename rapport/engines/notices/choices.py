"""What a person wants by mail, and when their next digest is due."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from rapport.engines.notices.models import NoticeChoice
from rapport.kernel.access.models import Workspace

#: The hour of digests, by the clock of whoever gets them.
HOUR = dt.time(7)
_MONDAY = 0


def choice_of(workspace: Workspace, user_id: UUID) -> NoticeChoice:
    """What the person chose; the defaults for whoever has not."""
    found = NoticeChoice.objects.filter(workspace_id=workspace.pk, user_id=user_id).first()
    return found or NoticeChoice(workspace_id=workspace.pk, user_id=user_id)


def choose(workspace: Workspace, user_id: UUID, *, digest: str, mentions_now: bool, zone: dt.tzinfo = dt.UTC) -> None:
    """Keep a choice; the first digest comes at the next turn."""
    next_at = next_turn(digest, dt.datetime.now(dt.UTC), zone)
    values = {"digest": digest, "mentions_now": mentions_now, "next_at": next_at}
    rows = NoticeChoice.objects.filter(workspace_id=workspace.pk, user_id=user_id)
    if not rows.update(**values):
        NoticeChoice.objects.create(workspace_id=workspace.pk, user_id=user_id, **values)


def next_turn(digest: str, after: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    """The first 7:00 (on a Monday for weekly ones) after a moment, by the person's own clock; None for none."""
    if digest not in ("daily", "weekly"):
        return None
    day = after.astimezone(zone).date()
    for ahead in range(9):
        at = dt.datetime.combine(day + dt.timedelta(days=ahead), HOUR, zone).astimezone(dt.UTC)
        if at > after and (digest == "daily" or (day + dt.timedelta(days=ahead)).weekday() == _MONDAY):
            return at
    raise AssertionError("A week has a Monday.")
