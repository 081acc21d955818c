"""Open tickets of a customer: to be known before one calls."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine
from rapport.modules.service.clock_card import due_words

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_OPEN = ("new", "open", "waiting", "held")


@slot("record.brief", type_key="customer", order=50)
def tickets_open(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """How many tickets are open, and when the next promise is due: one query by the index of the customer."""
    ticket = registry.get("ticket")
    assert record is not None
    if not gate.allows(ctx, ticket, "view"):
        return None
    mine = gate.visible(ctx, ticket).filter(customer_id=record.pk, state__in=_OPEN)
    found = mine.order_by().aggregate(open=Count("pk"), due=Min("due_at", filter=Q(state__in=("new", "open"))))
    if not found["open"]:
        return None
    text = ngettext("%(num)d open ticket", "%(num)d open tickets", found["open"]) % {"num": found["open"]}
    due, hue = due_words(ctx, found["due"], ctx.format.now) if isinstance(found["due"], dt.datetime) else ("", "")
    url = f"{ticket.url}?filter=customer+is+{record.pk}"
    return Panel("", "", {"lines": [BriefLine("life-buoy", _("Tickets"), text, url=url, hue=hue, detail=due)]})
