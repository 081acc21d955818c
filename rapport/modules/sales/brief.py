"""What a customer has bought and may buy: before one calls, in the header, and for their health."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.access import gate
from rapport.kernel.money import Money
from rapport.kernel.query.totals import in_base
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine, HealthPart, SlotFigure

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_YEAR = dt.timedelta(days=365)


def deals_of(ctx: Context, record_id: UUID) -> Mapping[str, object] | None:
    """Numbers and sums of a customer's deals by how they stand, in one query by the index of the customer; None without
    the right to deals. Sums are there only for roles that see amounts."""
    deal, stage = registry.get("deal"), registry.get("stage")
    if not gate.allows(ctx, deal, "view") or not gate.allows(ctx, stage, "view"):
        return None
    mark = ("deals of", record_id)
    if mark not in ctx.memory:
        since = ctx.format.today - _YEAR
        asked: dict[str, object] = {
            "open": Count("pk", filter=Q(stage__outcome="open")), "won": Count("pk", filter=Q(stage__outcome="won")),
            "won_lately": Count("pk", filter=Q(stage__outcome="won", closed_on__gte=since)),
            "lost_lately": Count("pk", filter=Q(stage__outcome="lost", closed_on__gte=since)),
        }  # fmt: skip
        amount = gate.fields(ctx, deal).get("amount")
        if amount is not None:
            for outcome in ("open", "won"):
                asked[f"{outcome}_sum"] = Sum("amount_base", filter=Q(stage__outcome=outcome))
        found = gate.visible(ctx, deal).filter(customer_id=record_id).order_by().aggregate(**asked)
        if amount is not None:
            found |= {key: in_base(ctx, amount, found[key]) for key in ("open_sum", "won_sum")}
        ctx.memory[mark] = found
    return ctx.memory[mark]  # type: ignore[return-value]


def _figure(ctx: Context, value: object) -> str:
    return str(registry.get("deal").fields["amount"].kind.figure(value, ctx.format)) if isinstance(value, Money) else ""


@slot("record.brief", type_key="customer", order=40)
def deals_open(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """How many deals are open, and for how much."""
    assert record is not None
    found = deals_of(ctx, record.pk)
    if not found or not found["open"]:
        return None
    count = int(str(found["open"]))
    text = ngettext("%(num)d open deal", "%(num)d open deals", count) % {"num": count}
    line = BriefLine("handshake", _("Deals"), text, detail=_figure(ctx, found.get("open_sum")))
    return Panel("", "", {"lines": [line]})


@slot("record.figures", type_key="customer", order=10)
def value_won(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """What was won in all."""
    assert record is not None
    found = deals_of(ctx, record.pk)
    if not found or not isinstance(found.get("won_sum"), Money):
        return None
    count = int(str(found["won"]))
    remark = ngettext("in %(num)d deal", "in %(num)d deals", count) % {"num": count}
    return Panel("", "", {"figures": [SlotFigure(_("Won"), _figure(ctx, found["won_sum"]), remark)]})


@slot("record.health", type_key="customer", order=20)
def deals_health(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """What they bought and turned down within a year, and what is under way."""
    assert record is not None
    found = deals_of(ctx, record.pk)
    if found is None:
        return Panel("", "", {"is_hidden": True})
    won, lost, under_way = (int(str(found[key])) for key in ("won_lately", "lost_lately", "open"))
    parts = []
    if won:
        reason = ngettext("%(num)d deal won within a year", "%(num)d deals won within a year", won) % {"num": won}
        parts.append(HealthPart(min(20, 10 + 5 * won), reason))
    if lost:
        reason = ngettext("%(num)d deal lost within a year", "%(num)d deals lost within a year", lost) % {"num": lost}
        parts.append(HealthPart(max(-20, -5 * lost), reason))
    if under_way:
        parts.append(
            HealthPart(5, ngettext("%(num)d deal is under way", "%(num)d deals are under way", under_way) % {"num": under_way})
        )
    return Panel("", "", {"parts": parts})
