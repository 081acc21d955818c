"""Who of a queue is here: signed in, and their browser gave a sign within the last minutes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.livechat.models import PublicChat
from rapport.engines.livechat.registry import keeper
from rapport.kernel.access import gate
from rapport.kernel.access.models import User
from rapport.kernel.context import context_for
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.models import SignedInSession

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: An open page asks for the bell each minute, and that it did is written down every five (`signing_in/sessions.py`).
_HERE = dt.timedelta(minutes=7)
_MOST = 500
#: So many are asked for their rights in a queue without members.
_ASKED = 20


def present(ctx: Context, chat: PublicChat) -> list[UUID]:
    """The people who would answer now; empty outside of the hours. Two or three small queries."""
    staff = keeper().staff(ctx, chat.record_id)
    if not staff.is_open:
        return []
    rows = User.objects.filter(workspace_id=chat.workspace_id, is_active=True, deleted_at=None, account__isnull=False)
    rows = rows if staff.people is None else rows.filter(pk__in=staff.people)
    people = dict(rows.order_by("pk").values_list("account_id", "pk")[:_MOST])
    since = ctx.format.now - _HERE
    seen = SignedInSession.objects.filter(account_id__in=list(people), last_seen_at__gte=since)
    here = [people[one] for one in seen.order_by().values_list("account_id", flat=True).distinct()]
    return here if staff.people is not None else _may_answer(ctx, here)


def _may_answer(ctx: Context, people: list[UUID]) -> list[UUID]:
    info = registry.get(keeper().type)
    users = User.objects.select_related("role").filter(workspace_id=ctx.workspace.pk, pk__in=people).order_by("pk")[:_ASKED]
    return [one.pk for one in users if gate.allows(context_for(one, "chat", workspace=ctx.workspace), info, keeper().action)]
