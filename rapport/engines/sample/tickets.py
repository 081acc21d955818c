"""Tickets of the sample: what customers asked and complained of over the years, most of it solved, and what waits today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from rapport.engines.sample.draw import Draw
from rapport.engines.sample.parties import Party
from rapport.engines.sample.ticket_texts import CASES, TODAY, Case

#: Tickets for each customer over the years.
_SHARE = 0.08
_HOUR = dt.timedelta(hours=1)


@dataclass
class PlannedTicket:
    """A ticket with what was written in it: (kind, text, who of us or None for the customer, when)."""

    party: Party
    values: dict[str, object]
    at: dt.datetime
    entries: list[tuple[str, str, UUID | None, dt.datetime]]
    #: What is said of the complaint, if it is one.
    complaint: Mapping[str, object] | None = None
    id: UUID | None = None


def plan_tickets(
    draw: Draw, parties: Sequence[Party], owners: Mapping[str, UUID], now: dt.datetime, *, is_last: bool
) -> list[PlannedTicket]:
    """The tickets of a block in the order they came; the last block also has those of today."""
    buyers = [one for one in parties if one.side == "buyer" and one.stage in ("customer", "advocate", "lapsed")]
    found = []
    for _n in range(draw.about(len(parties) * _SHARE) if buyers else 0):
        found.append(_solved(draw, draw.one(buyers), owners, now))
    if is_last:
        some = buyers or [one for one in parties if one.side == "buyer"]
        found += [_open(draw, draw.one(some), case, hours, owners, now) for case, hours in TODAY] if some else []
    return sorted(found, key=lambda one: one.at)


def _values(case: Case, at: dt.datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "subject": case.subject, "kind": case.kind, "priority": case.priority, "channel": case.channel, "body": case.body,
        "product": case.product, "tags": list(case.tags), "opened_at": at, "created_at": at,
    }  # fmt: skip
    return {key: value for key, value in values.items() if value}


def _solved(draw: Draw, party: Party, owners: Mapping[str, UUID], now: dt.datetime) -> PlannedTicket:
    """One of the past: answered within hours, solved within days."""
    case = draw.one(CASES)
    days = max(2, (now - party.at).days)
    at = draw.working_hour((now - dt.timedelta(days=draw.between(1, days))).date())
    owner, replied = owners["support"], at + _HOUR * draw.between(1, 6)
    solved = min(replied + _HOUR * draw.between(2, 90), now - _HOUR)
    replied = min(replied, solved)
    values = _values(case, at) | {
        "owner": owner, "state": "closed" if (now - solved).days > 30 else "solved", "replied_at": replied, "solved_at": solved,
        "answer": case.solution,
    }  # fmt: skip
    entries = [("reply", case.reply.format(first=party.first), owner, replied)]
    if case.note:
        entries.append(("note", case.note, owner, replied + dt.timedelta(minutes=12)))
    made_good = {"step": "learned", **case.made_good} if case.made_good else None
    return PlannedTicket(party, values, at, entries, made_good)


def _open(draw: Draw, party: Party, case: Case, hours: int, owners: Mapping[str, UUID], now: dt.datetime) -> PlannedTicket:
    """One that is still open, so many hours old."""
    at = now - _HOUR * hours - dt.timedelta(minutes=draw.between(0, 50))
    values = _values(case, at) | {"state": case.state, "owner": owners["support"] if case.is_taken else None}
    entries: list[tuple[str, str, UUID | None, dt.datetime]] = []
    if case.reply and case.state != "new":
        values["replied_at"] = at + _HOUR * max(1, hours // 4)
        entries.append(("reply", case.reply.format(first=party.first), owners["support"], at + _HOUR * max(1, hours // 4)))
    if case.heard:
        entries.append(("answer", case.heard, None, at + _HOUR * max(2, hours // 2)))
    if case.note:
        entries.append(("note", case.note, owners["back_office"], at + _HOUR * max(2, hours // 2) + dt.timedelta(minutes=9)))
    complaint = {"step": "looked_into", **case.made_good} if case.kind == "complaint" else None
    return PlannedTicket(party, {key: value for key, value in values.items() if value}, at, entries, complaint)
