"""One key per birthday, so that "whose birthday is this week?" is an index look-up among a million customers."""

from __future__ import annotations

import datetime as dt
from operator import itemgetter
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.query.models import IndexedValue

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

#: The name under which the month and day stand in the value index; not a field anybody filters by.
BIRTHDAY_KEY = "birthday:day"
#: The same for the customers of one owner: "whose birthday is it, of mine" among the birthdays of a million.
OWNED_KEY = "birthday:owner"


@indexer
def index_birthdays(ctx: Context, written: list[Written]) -> None:
    """Keep "11-22" for every customer with a birthday on 22 November, and the same beside the id of the owner."""
    touched = [one for one in written if one.info.key == "customer" and one.changed("birthday", "owner")]
    born = {one.record.pk: one.record.birthday for one in touched}  # type: ignore[attr-defined]
    stale = [one.record.pk for one in touched if one.verb != "create"]
    if stale:
        both = (BIRTHDAY_KEY, OWNED_KEY)
        IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=stale, field__in=both).delete()
    rows: list[tuple[object, ...]] = []
    for one in touched:
        day = born[one.record.pk]
        if isinstance(day, dt.date):
            pk, key = one.record.pk, day_key(day)
            rows.append((ctx.workspace.pk, "customer", BIRTHDAY_KEY, key, pk))
            if one.record.owner_id is not None:
                rows.append((ctx.workspace.pk, "customer", OWNED_KEY, owned_key(one.record.owner_id, key), pk))
    rows.sort(key=itemgetter(2, 3))  # neighbours in the index are written together
    insert_rows(IndexedValue, ("workspace_id", "type", "field", "key", "record_id"), rows)


def day_key(day: dt.date) -> str:
    """Month and day."""
    return day.strftime("%m-%d")


def owned_key(owner_id: UUID, key: str) -> str:
    """Owner, month and day."""
    return f"{owner_id.hex}:{key}"
