"""Ratings of the sample: what customers said of tickets that were solved, and how likely they are to recommend the company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from rapport.engines.sample.draw import Draw
from rapport.engines.sample.parties import Party
from rapport.engines.sample.tickets import PlannedTicket

#: Shares of solved tickets that were asked about, of customers asked whether they recommend us, and of those that answered.
_ASKED, _RECOMMENDS, _ANSWERED = 0.8, 0.12, 0.62
#: What is younger is friendly, so that a fresh sample does not begin with calls to make.
_YOUNG = dt.timedelta(days=8)
_CSAT = (5, 5, 5, 4, 4, 4, 3, 2, 1)
_NPS = (10, 10, 9, 9, 9, 8, 8, 7, 6, 4)
_COMMENTS = {
    5: ("Quick and friendly, thank you.", "Solved within the hour!", ""),
    4: ("Fine, it just took a day longer than I hoped.", ""),
    3: ("It works now. I had to explain it twice.", ""),
    2: ("Nobody called back before I wrote a second time.", "Solved, but we stood still for two days."),
    1: ("The machine broke again the next morning.", "Three people, three different answers."),
}


def plan_ratings(
    draw: Draw, tickets: Sequence[PlannedTicket], parties: Sequence[Party], surveys: Mapping[str, UUID], now: dt.datetime
) -> list[dict[str, object]]:
    """A row for each question that was asked, within the last two years; `surveys`: one by scale."""
    rows = []
    for one in tickets:
        solved = one.values.get("solved_at")
        if isinstance(solved, dt.datetime) and "csat" in surveys and draw.odds(_ASKED):
            more = {"ticket": one.id, "owner": one.values.get("owner")}
            rows.append(_asked(draw, "csat", surveys, one.party, solved + dt.timedelta(hours=24), now) | more)
    for party in parties:
        if party.stage in ("customer", "advocate") and "nps" in surveys and draw.odds(_RECOMMENDS):
            at = draw.working_hour((now - dt.timedelta(days=draw.between(1, 700))).date())
            rows.append(_asked(draw, "nps", surveys, party, at, now) | {"owner": party.owner})
    return [row for row in rows if row["asked_at"] <= now]  # type: ignore[operator]


def _asked(
    draw: Draw, kind: str, surveys: Mapping[str, UUID], party: Party, at: dt.datetime, now: dt.datetime
) -> dict[str, object]:
    row: dict[str, object] = {"survey": surveys[kind], "customer": party.id, "asked_at": at, "created_at": at}
    person = party.people[0].id if party.people else party.id if party.values.get("kind") == "person" else None
    if person is not None:
        row["person"] = person
    answered = at + dt.timedelta(minutes=draw.between(7, 2000))
    if draw.odds(_ANSWERED) and answered < now:
        row |= _answer(draw, kind, answered, is_young=now - answered < _YOUNG)
    return row


def _answer(draw: Draw, kind: str, at: dt.datetime, *, is_young: bool) -> dict[str, object]:
    score = draw.one(_CSAT if kind == "csat" else _NPS)
    if is_young:
        score = max(score, 4 if kind == "csat" else 8)
    words = draw.one(_COMMENTS[score]) if kind == "csat" else ""
    channel = "phone" if draw.odds(0.15) else "mail"
    return {"score": score, "answered_at": at, "channel": channel, **({"comment": words} if words else {})}
