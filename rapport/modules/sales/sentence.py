"""A typed line that begins with "Lead" is one; an amount in a line is a deal that might come."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.sentence.line import Draft, Line, Link, reads
from rapport.kernel.access import gate
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.modules.sales.actions import first_stage

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_LEAD = re.compile(
    r"^\s*(?:new lead|lead|neuer lead|anfrage|nouvelle piste|piste|nuevo lead|oportunidad)\b\s*:?\s+", re.IGNORECASE
)
_IS_LEAD = "lead"


@reads(order=5)
def read_prefix(ctx: Context, line: Line) -> None:
    """"Lead Dara Whelan, …": the word says what the line is, and is no part of the name."""
    first = line.clauses[0] if line.clauses else None
    found = _LEAD.match(first.text) if first else None
    if first is None or found is None or not gate.allows(ctx, registry.get("lead"), "create"):
        return
    line.asked = _IS_LEAD
    line.put("lead", "name", first.start, first.start + len(found[0].rstrip()))
    first.start, first.text = first.start + found.end(), first.text[found.end() :]


@reads(order=15)
def read_lead(ctx: Context, line: Line) -> None:
    """Person and company of such a line become the lead; they are made customers when it is converted."""
    if line.asked != _IS_LEAD:
        return
    person, company = line.drafts.pop("person", None), line.drafts.pop("company", None)
    line.drafts.pop("tie", None)
    who = person or company
    values = {k: who.values[k] for k in ("name", "emails", "phones", "source", "note") if who and who.values.get(k)}
    if person and company:
        values["company"] = company.values["name"]
    line.spans = [replace(span, draft="lead") for span in line.spans]
    values.setdefault("name", "")
    line.drafts["lead"] = Draft("lead", "lead", values, ("name", "company", "emails", "phones", "source", "interest"), hue=4)
    line.drafts["lead"].may_be_known = True


@reads(order=25)
def finish_lead(ctx: Context, line: Line) -> None:
    """What the lead wants, and the task that is about it."""
    lead = line.drafts.get("lead")
    if lead is None:
        return
    if "task" in line.drafts:
        line.drafts["task"].values["about"] = Link("lead")
    clause = next((one for one in line.free() if one.rest), None)
    if clause is not None:
        text = clause.text.strip(" ,;.")
        lead.values["interest"] = capital(text)[:200]
        line.put("lead", "interest", clause.start, clause.end)
        clause.is_taken = True


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
        "name": capital(name)[:200], "amount": money.value, "customer": Link(firm) if firm else None,
        "stage": first_stage().pk,
    }  # fmt: skip
    line.drafts["deal"] = Draft("deal", "deal", values, ("name", "amount", "stage", "close_on"), hue=1)
    line.put("deal", "name", clause.start, clause.end)
    clause.is_taken = True
