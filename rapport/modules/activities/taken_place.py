"""A meeting that was put down for tomorrow becomes the last contact when its time has come: nobody writes anything then."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import F, Q

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.modules.activities.models import Activity
from rapport.modules.activities.next_step import CONTACTS, raise_last_contact

#: How far back is looked: longer than an installation is usually switched off.
_BACK = dt.timedelta(days=7)
_AT_ONCE = 500


@every(seconds=300)
@job(max_attempts=1, name="activities.taken_place")
def keep_what_took_place(job_ctx: JobContext) -> int:
    """In every workspace where something was ever written."""
    return sum(keep_in(workspace) for workspace in Workspace.objects.filter(change_number__gt=0) if not job_ctx.should_stop)


def keep_in(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Raise the last contact of customers whose planned meetings have begun; returns of how many."""
    with use_workspace(workspace):
        ctx, now = system_context(workspace, "last contact"), now or dt.datetime.now(dt.UTC)
        begun = Activity.objects.filter(
            workspace_id=workspace.pk, deleted_at=None, kind__in=CONTACTS, happened_at__gt=now - _BACK, happened_at__lte=now,
            customer__deleted_at=None,
        )
        later = Q(customer__last_contact_at=None) | Q(customer__last_contact_at__lt=F("happened_at"))
        latest: dict[UUID, dt.datetime] = {}
        rows = begun.filter(later, customer__isnull=False).order_by("happened_at", "pk")
        for customer, at in rows.values_list("customer_id", "happened_at")[:_AT_ONCE]:
            latest[customer] = at
        raise_last_contact(ctx, latest)
        return len(latest)
