"""One key per birthday, so that "whose birthday is this week?" is an index look-up among a million customers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.query.models import IndexedValue

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

#: The name under which the month and day stand in the value index; not a field anybody filters by.
BIRTHDAY_KEY = "birthday:day"


@indexer
def index_birthdays(ctx: Context, written: list[Written]) -> None:
    """Keep "11-22" for every customer with a birthday on 22 November."""
    touched = [one for one in written if one.info.key == "customer" and "birthday" in one.diff]
    stale = [one.record.pk for one in touched if one.verb != "create"]
    if stale:
        IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=stale, field=BIRTHDAY_KEY).delete()
    rows = [
        (ctx.workspace.pk, "customer", BIRTHDAY_KEY, born.strftime("%m-%d"), one.record.pk)
        for one in touched
        if isinstance(born := one.diff["birthday"][1], dt.date)
    ]
    insert_rows(IndexedValue, ("workspace_id", "type", "field", "key", "record_id"), rows)
