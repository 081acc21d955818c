"""An amount in a typed line is a deal that might come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.sentence.line import Draft, Line, Link, reads
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.modules.sales.actions import first_stage

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@reads(order=30)
def read_deals(ctx: Context, line: Line) -> None:
    """"wants beans for two shops €14,000": a deal of that amount, named by its words."""
    info = registry.get("deal")
    clause = next((one for one in line.free() if any(f.kind == "money" for f in one.finds)), None)
    if clause is None or not gate.allows(ctx, info, "create") or "amount" not in gate.fields(ctx, info, edit=True):
        return
    money = next(one for one in clause.finds if one.kind == "money")
    firm = "company" if "company" in line.drafts else "person" if "person" in line.drafts else ""
    known = line.drafts.get(firm)
    name = clause.rest or (_("Deal with %(name)s") % {"name": known.values["name"]} if known else _("New deal"))
    values = {
        "name": name[:1].upper() + name[1:200], "amount": money.value, "customer": Link(firm) if firm else None,
        "stage": first_stage().pk,
    }  # fmt: skip
    line.drafts["deal"] = Draft("deal", "deal", values, ("name", "amount", "stage", "close_on"), hue=1)
    line.put("deal", "name", clause.start, clause.end)
    clause.is_taken = True
