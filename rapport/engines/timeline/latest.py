"""When something last happened around records: what resets the clock of a deal gone quiet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, Max, OuterRef

from rapport.engines.timeline.models import TimelineLink
from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def last_happened(ctx: Context, ids: Iterable[UUID]) -> dict[UUID, dt.datetime]:
    """The latest past entry that this viewer may see in the story of each record; one query per type of event."""
    wanted = list(ids)
    found: dict[UUID, dt.datetime] = {}
    for info in _events() if wanted else ():
        links = TimelineLink.objects.filter(
            workspace_id=ctx.workspace.pk, story_id__in=wanted, entry_type=info.key, at__lte=ctx.format.now
        )
        if not gate.sees_all(ctx, info):
            # Asked for each link: as "IN (everything visible)" SQLite read every activity of the workspace (66 ms at
            # 30,000 of them). Entries in the bin have no links, so whoever sees all need not be asked.
            links = links.filter(Exists(gate.visible(ctx, info).filter(pk=OuterRef("entry_id"))))
        for story, at in links.order_by().values("story_id").annotate(last=Max("at")).values_list("story_id", "last"):
            found[story] = max(at, found.get(story, at))
    return found


def _events() -> list[TypeInfo]:
    """Types that happen at a point in time; a due date is a plan, and a record's creation is no contact."""
    return [
        info
        for info in registry.all()
        if info.declared.timeline is not None
        and info.declared.timeline.at != "created_at"
        and info.fields[info.declared.timeline.at].kind.key == "datetime"
    ]
