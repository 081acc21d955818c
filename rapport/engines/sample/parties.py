"""Who is in the sample: companies with their people, private owners, suppliers and partners, planned before they are written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from rapport.engines.sample.draw import Country, Draw, mail_name, slug
from rapport.engines.sample.texts import NOTES
from rapport.engines.sample.trades import BUYERS, NORTH, PARTNERS, SOURCE_WEIGHTS, SOURCES, SUPPLIERS, Trade
from rapport.kernel.money import Money

#: Shares of the customers: companies, people at them, the rest are private owners.
COMPANIES, CONTACTS = 0.46, 0.38
_STAGES = ("customer", "prospect", "lead", "subscriber", "advocate", "lapsed", "lost")
_STAGE_WEIGHTS = (36, 30, 10, 7, 5, 8, 4)
_FREE_MAIL = ("inbox.example", "fastpost.example", "mailbox.example", "home.example")


@dataclass
class Party:
    """One customer in the making."""

    values: dict[str, object]
    at: dt.datetime
    country: Country
    city: str
    owner: UUID
    #: What people call them, and the first name of whom they talk to.
    name: str
    first: str
    side: str  # buyer, supplier, partner, contact
    trade: Trade | None = None
    people: list[Party] = field(default_factory=list)
    job: tuple[str, str] = ("", "")
    domain: str = ""
    id: UUID | None = None

    @property
    def stage(self) -> str:
        """The lifecycle stage."""
        return str(self.values["stage"])


def plan_parties(draw: Draw, count: int, owners: dict[str, UUID], window: tuple[dt.datetime, dt.datetime]) -> list[Party]:
    """Customers who came to us within the window, in the order they came."""
    companies = max(1, round(count * COMPANIES)) if count > 1 else count
    contacts = min(round(count * CONTACTS), count - companies)
    found = [_company(draw, owners, draw.moment(window)) for _n in range(companies)]
    for n in range(contacts):
        company = found[n] if n < companies and draw.odds(0.7) else draw.one(found[:companies])
        person = _contact(draw, company, draw.moment((company.at, window[1])))
        company.people.append(person)
        found.append(person)
    found += [_private(draw, owners, draw.moment(window)) for _n in range(count - companies - contacts)]
    for party in found[:companies]:
        if party.people:
            party.first = party.people[0].first
    return sorted(found, key=lambda party: party.at)


def _owner(draw: Draw, owners: dict[str, UUID], country: Country, side: str) -> UUID:
    if side == "supplier":
        return owners["back_office"]
    if side == "partner":
        return owners["partners"]
    if draw.odds(0.06):
        return owners[draw.one(("owner", "management"))]
    return owners["north" if country.code in NORTH else "south"]


def _company(draw: Draw, owners: dict[str, UUID], at: dt.datetime) -> Party:
    side = draw.weighted(("buyer", "supplier", "partner"), (86, 8, 6))
    trades = {"buyer": BUYERS, "supplier": SUPPLIERS, "partner": PARTNERS}[side]
    trade = draw.weighted(trades, [t.weight for t in trades])
    country = draw.country()
    place = draw.one(country.cities)
    name = draw.company(trade, country, place)
    domain = f"{slug(name)}.example"
    stage = draw.weighted(_STAGES, _STAGE_WEIGHTS) if side == "buyer" else "customer"
    employees = min(draw.between(*trade.employees), draw.between(*trade.employees))
    owner = _owner(draw, owners, country, side)
    values: dict[str, object] = {
        "kind": "company", "name": name, "stage": stage, "roles": roles_of(stage, trade.roles), "industry": trade.industry,
        "emails": [f"{draw.one(('info', 'office', 'hello', 'contact'))}@{domain}"],
        "phones": [draw.phone(country, mobile=False)], "addresses": [draw.address(country, place)],
        "website": f"https://www.{domain}", "employees": employees, "language": country.language, "owner": owner,
        "turnover": Money(employees * draw.between(*trade.per_head) * 1_000_00, "EUR"), "created_at": at,
        "founded": draw.between(1952, at.year - 1), "source": draw.weighted(SOURCES, SOURCE_WEIGHTS),
    }  # fmt: skip
    if draw.odds(0.45):
        values["tags"] = [draw.one(trade.tags)]
    if draw.odds(0.12):
        values["note"] = draw.one(NOTES)
    if side == "buyer":
        values |= {"c_home_airfield": place[0], "c_aircraft_in_the_fleet": min(employees, draw.between(0, 9))}
    return Party(values, at, country, place[0], owner, name, draw.person(country)[0], side, trade, domain=domain)


def roles_of(stage: str, given: tuple[str, ...] = ()) -> list[str]:
    """The roles that go with a lifecycle stage."""
    if given:
        return list(given)
    return ["customer"] if stage in ("customer", "advocate", "lapsed") else ["prospect"]


def _contact(draw: Draw, company: Party, at: dt.datetime) -> Party:
    country = company.country if draw.odds(0.92) else draw.country()
    first, last = draw.person(country)
    assert company.trade is not None
    job = company.trade.titles[len(company.people) % len(company.trade.titles)]
    phones = [draw.phone(company.country, mobile=True)]
    if draw.odds(0.15):
        phones.append({**draw.phone(company.country, mobile=False), "label": "work"})
    values: dict[str, object] = {
        "kind": "person", "name": f"{first} {last}", "stage": company.stage, "roles": company.values["roles"],
        "emails": [{"value": f"{mail_name(first, last)}@{company.domain}", "label": "work"}], "phones": phones,
        "language": country.language, "owner": company.owner, "source": company.values["source"], "created_at": at,
    }  # fmt: skip
    if draw.odds(0.4):
        values["birthday"] = _birthday(draw)
    return Party(values, at, company.country, company.city, company.owner, company.name, first, "contact",
                 company.trade, job=job, domain=company.domain)  # fmt: skip


def _private(draw: Draw, owners: dict[str, UUID], at: dt.datetime) -> Party:
    country = draw.country()
    place = draw.one(country.cities)
    first, last = draw.person(country)
    stage = draw.weighted(_STAGES, _STAGE_WEIGHTS)
    owner = _owner(draw, owners, country, "buyer")
    values: dict[str, object] = {
        "kind": "person", "name": f"{first} {last}", "stage": stage, "roles": roles_of(stage),
        "emails": [f"{mail_name(first, last)}{draw.between(2, 99)}@{draw.one(_FREE_MAIL)}"],
        "phones": [draw.phone(country, mobile=True)], "addresses": [draw.address(country, place)],
        "language": country.language, "birthday": _birthday(draw), "owner": owner, "created_at": at,
        "source": draw.weighted(SOURCES, SOURCE_WEIGHTS), "tags": ["private owner"],
        "c_home_airfield": place[0],
    }  # fmt: skip
    return Party(values, at, country, place[0], owner, f"{first} {last}", first, "buyer", BUYERS[0])


def _birthday(draw: Draw) -> dt.date:
    return dt.date(draw.between(1948, 2000), draw.between(1, 12), draw.between(1, 28))
