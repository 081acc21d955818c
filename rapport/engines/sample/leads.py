"""Leads of the sample: requests as they came in, most of them old and decided, the newest still open."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from uuid import UUID

from rapport.engines.sample.draw import Draw, mail_name, slug
from rapport.engines.sample.stories import PlannedDeal
from rapport.engines.sample.texts import LEAD_TASKS, MESSAGES
from rapport.engines.sample.trades import AIRCRAFT, BUYERS, DROPPED, NORTH, SOURCE_WEIGHTS, SOURCES
from rapport.kernel.money import Money


@dataclass
class PlannedLead:
    """A lead, and the party and deal it became."""

    values: dict[str, object]
    at: dt.datetime
    first: str
    became: PlannedDeal | None = None
    #: Kind, subject and due date of the next step, if there is one.
    task: tuple[str, str, dt.date] | None = None
    id: UUID | None = None


def plan_leads(
    draw: Draw, count: int, owners: dict[str, UUID], window: tuple[dt.datetime, dt.datetime], deals: list[PlannedDeal],
    today: dt.date,
) -> list[PlannedLead]:  # fmt: skip
    """Leads of a window in the order they came; those that became something became deals of this block."""
    able = [deal for deal in deals if deal.party.people and deal.opened - deal.party.at.date() < dt.timedelta(days=400)]
    found = []
    for _n in range(count):
        age = (today - window[1].date()).days
        if able and draw.odds(0.56 if age > 20 else 0.15):
            found.append(_converted(draw, able.pop(draw.between(0, len(able) - 1))))
        else:
            at = draw.moment(window)
            found.append(_stranger(draw, owners, at, today))
    return sorted(found, key=lambda lead: lead.at)


def _converted(draw: Draw, deal: PlannedDeal) -> PlannedLead:
    party, person = deal.party, deal.party.people[0]
    at = party.at - dt.timedelta(days=draw.between(1, 12), minutes=draw.between(0, 300))
    values: dict[str, object] = {
        "name": person.values["name"], "company": party.name, "job_title": person.job[0], "emails": person.values["emails"],
        "phones": person.values["phones"], "interest": deal.product, "source": party.values["source"],
        "worth": deal.values["amount"], "owner": party.owner, "state": "converted", "converted_at": party.at,
        "created_at": at,
    }  # fmt: skip
    values["raw"] = _raw(draw, values)
    return PlannedLead(values, at, person.first, deal)


def _stranger(draw: Draw, owners: dict[str, UUID], at: dt.datetime, today: dt.date) -> PlannedLead:
    country = draw.country()
    place = draw.one(country.cities)
    first, last = draw.person(country)
    trade = draw.weighted(BUYERS, [t.weight for t in BUYERS])
    company = draw.company(trade, country, place) if draw.odds(0.7) else ""
    product = draw.one(trade.aircraft)
    domain = f"{slug(company)}.example" if company else "inbox.example"
    values: dict[str, object] = {
        "name": f"{first} {last}", "emails": [f"{mail_name(first, last)}@{domain}"], "interest": product,
        "source": draw.weighted(SOURCES, SOURCE_WEIGHTS), "owner": owners["north" if country.code in NORTH else "south"],
        "created_at": at,
    }  # fmt: skip
    if company:
        values |= {"company": company, "job_title": draw.one(trade.titles)[0]}
    if draw.odds(0.7):
        values["phones"] = [draw.phone(country, mobile=True)]
    if draw.odds(0.6):
        values["worth"] = Money(AIRCRAFT[product] * 100, "EUR")
    if draw.odds(0.3):
        values["tags"] = [draw.one(trade.tags)]
    values["raw"] = _raw(draw, values)
    age = (today - at.date()).days
    if age < 40:
        states = (("new", 70), ("working", 25), ("dropped", 5))
    else:
        states = (("working", 45), ("dropped", 55)) if age < 120 else (("working", 3), ("dropped", 97))
    values["state"] = draw.weighted([s for s, _w in states], [w for _s, w in states])
    lead = PlannedLead(values, at, first)
    if values["state"] == "dropped":
        values["dropped_reason"] = draw.one(DROPPED)
    elif draw.odds(0.6):
        kind, subject = draw.one(LEAD_TASKS)
        due = today + dt.timedelta(days=draw.between(-4, 12))
        lead.task = (kind, subject.format(first=first), due)
        values |= {"next_step": lead.task[1], "next_step_on": due}
    return lead


def _raw(draw: Draw, values: dict[str, object]) -> str:
    """The lead as it came in: a form, a line of a fair's list, or a note of the phone call."""
    message = draw.one(MESSAGES)
    mails, phones = values.get("emails"), values.get("phones")
    mail = mails[0] if isinstance(mails, list) else ""
    came = {
        "name": values["name"], "company": values.get("company", ""), "email": mail["value"] if isinstance(mail, dict) else mail,
        "phone": phones[0]["value"] if isinstance(phones, list) else "", "interest": values["interest"], "message": message,
    }  # fmt: skip
    if values["source"] in ("form", "website", "campaign"):
        return json.dumps(came, ensure_ascii=False, indent=1)
    if values["source"] in ("trade_show", "import"):
        return ";".join(str(part) for part in came.values())
    return f"From: {came['name']} <{came['email']}>\nSubject: {came['interest']}\n\n{message}"
