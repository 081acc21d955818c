"""The notice of the morning: articles that are to be read again today, for whoever keeps them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from rapport.engines.notices.writing import put_once
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.modules.knowledge.models import Article

#: From this hour on, by the clock of the workspace.
_HOUR = 7
#: Articles looked at in one morning; all of them stand in the list "Due for review".
_MOST = 2_000


@every(seconds=900)
@job(max_attempts=1, name="knowledge.due_for_review")
def tell_what_is_due(job_ctx: JobContext) -> int:
    """In every workspace where the morning has begun."""
    return sum(tell_workspace(workspace) for workspace in Workspace.objects.all())


def tell_workspace(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """One notice per owner of published articles whose day it is; told once a day, however often this runs."""
    with use_workspace(workspace):
        fmt = system_context(workspace, "due for review").format
        local = (now or fmt.now).astimezone(fmt.zone)
        if local.hour < _HOUR:
            return 0
        due = Article.objects.filter(
            workspace_id=workspace.pk, deleted_at=None, state="published", review_on=local.date(), owner__isnull=False
        )
        whose: dict[UUID, list[UUID]] = {}
        for owner, pk in due.order_by("owner_id", "pk").values_list("owner_id", "pk")[:_MOST]:
            whose.setdefault(owner, []).append(pk)
        return put_once(workspace, "review", "article", whose, once=f"review:{local.date().isoformat()}")
