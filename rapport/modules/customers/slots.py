"""What the day page shows of customers: birthdays of the coming week, and who changed last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.customers.indexing import OWNED_KEY, owned_key

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Today and the seven days after it.
_DAYS, _MOST, _MOST_CHANGED = 8, 6, 5


@dataclass(frozen=True)
class Birthday:
    """Whose birthday comes, and when."""

    name: str
    url: str
    text: str
    day: dt.date


@slot("home.aside", order=30)
def birthdays(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Birthdays of my customers, from today over the next seven days."""
    customer = registry.get("customer")
    fields = gate.fields(ctx, customer)
    if not gate.allows(ctx, customer, "view") or "birthday" not in fields or customer.declared.title not in fields:
        return None
    me = ctx.viewer.user_id
    if me is None:
        return None
    days = {key: day for day in (ctx.format.today + dt.timedelta(days=n) for n in range(_DAYS)) for key in keys_of(day)}
    hits = IndexedValue.objects.filter(
        workspace_id=ctx.workspace.pk, type="customer", field=OWNED_KEY, key__in=[owned_key(me, key) for key in days]
    )
    rows = gate.visible(ctx, customer).filter(pk__in=hits.values("record_id")).values_list("pk", "name", "birthday")
    found = [_birthday(ctx, customer, pk, name, born, days) for pk, name, born in rows[:200] if born]
    if not found:
        return None
    found.sort(key=lambda one: (one.day, one.name))
    return Panel(_("Birthdays"), "customers/birthdays.html", {"people": found[:_MOST]}, count=str(len(found)))


def keys_of(day: dt.date) -> list[str]:
    """The keys of birthdays kept on a day: those of 29 February are kept on the 28th in other years."""
    keys = [day.strftime("%m-%d")]
    if (day.month, day.day) == (2, 28) and (day + dt.timedelta(days=1)).month == 3:
        keys.append("02-29")
    return keys


def _birthday(
    ctx: Context, customer: TypeInfo, pk: object, name: str, born: dt.date, days: dict[str, dt.date]
) -> Birthday:
    day = days[born.strftime("%m-%d")]
    when = shown_as.date(day, ctx.format)
    text = _("%(when)s, turns %(age)d") % {"when": when, "age": day.year - born.year} if day.year > born.year else when
    return Birthday(name, customer.record_url(pk), text, day)


@slot("home.aside", order=40)
def recently_changed(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The customers that changed last."""
    customer = registry.get("customer")
    if not gate.allows(ctx, customer, "view"):
        return None
    title = customer.declared.title
    page = read_page(ctx, customer, sort="-updated_at", fields=(title, "updated_at"), limit=_MOST_CHANGED)
    rows = [
        (
            str(row.values.get(title) or ""),
            customer.record_url(row.id),
            shown_as.relative(row["updated_at"], ctx.format),
        )  # type: ignore[arg-type]
        for row in page.rows
        if row.values.get(title)
    ]
    if not rows:
        return None
    return Panel(_("Recently changed"), "customers/changed.html", {"rows": rows})
