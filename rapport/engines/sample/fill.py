"""Filling a sample workspace, block by block and set-wise through the write door, with memory that stays flat."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from rapport.engines.sample.draw import Draw
from rapport.engines.sample.leads import PlannedLead, plan_leads
from rapport.engines.sample.parties import Party, plan_parties
from rapport.engines.sample.ratings import plan_ratings
from rapport.engines.sample.stories import Planned, Stories, Teller, settle_steps
from rapport.engines.sample.texts import LEARNED, PREFERENCES, TODAY
from rapport.engines.sample.ticket_texts import CAUSES
from rapport.engines.sample.tickets import PlannedTicket, plan_tickets
from rapport.kernel.access import gate
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context, working_as_system
from rapport.kernel.records.registry import registry

#: The company has kept its customers here for so long.
_YEARS = 6
_MOST_AT_ONCE = 2_000
_LEADS = 0.12


@dataclass(frozen=True)
class Progress:
    """How far the filling is."""

    customers: int
    of: int
    records: int
    seconds: float


class SampleBroken(Exception):
    """A row of the sample was refused: a bug of the sample or of the rules it met."""


def fill(
    workspace: Workspace, customers: int, *, seed: int, owners: Mapping[str, UUID], today: dt.date | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Progress:  # fmt: skip
    """Add so many customers with everything around them. Same seed and day, same data."""
    today = today or dt.datetime.now(dt.UTC).date()
    seen: set[str] = set()
    started, records, done = time.monotonic(), 0, 0
    state = Progress(0, customers, 0, 0.0)
    for number, (count, window, share) in enumerate(_blocks(customers, today)):
        draw = Draw(f"{seed}:{number}", seen)
        block = Block(draw, dict(owners), today)
        block.plan(count, window, round(customers * _LEADS * share), is_last=done + count == customers)
        with working_as_system(workspace, "sample") as ctx, unit_of_work(ctx):
            records += block.write(ctx)
        done += count
        state = Progress(done, customers, records, time.monotonic() - started)
        if progress is not None:
            progress(state)
    return state


def _blocks(customers: int, today: dt.date) -> Iterator[tuple[int, tuple[dt.datetime, dt.datetime], float]]:
    """Counts, windows of time and shares of the leads; more customers come as the years go by."""
    size = max(25, min(_MOST_AT_ONCE, customers // 20))
    end = dt.datetime.combine(today - dt.timedelta(days=1), dt.time(18), dt.UTC)
    span = dt.timedelta(days=365 * _YEARS)
    sizes = [min(size, customers - at) for at in range(0, customers, size)]
    weights = [1 + 11 * ((n + 1) / len(sizes)) ** 8 for n in range(len(sizes))]
    at = 0
    for count, weight in zip(sizes, weights, strict=True):
        edges = [end - span + span * (part / customers) ** 0.6 for part in (at, at + count)]
        yield count, (edges[0], edges[1]), weight / sum(weights)
        at += count


class Block:
    """Some customers with their stories: planned in memory, then written type by type."""

    def __init__(self, draw: Draw, owners: dict[str, UUID], today: dt.date) -> None:
        """`owners` maps the keys of the sample's users to their ids."""
        self.draw, self.owners, self.today = draw, owners, today
        self.parties: list[Party] = []
        self.stories = Stories()
        self.leads: list[PlannedLead] = []
        self.tickets: list[PlannedTicket] = []

    def plan(self, count: int, window: tuple[dt.datetime, dt.datetime], leads: int, *, is_last: bool) -> None:
        """Decide everything about the block."""
        self.parties = plan_parties(self.draw, count, self.owners, window)
        teller = Teller(self.draw, self.today)
        for party in self.parties:
            teller.tell(party)
        self.stories = teller.out
        self.stories.deals.sort(key=lambda deal: deal.values["created_at"])  # type: ignore[arg-type, return-value]
        self.leads = plan_leads(self.draw, leads, self.owners, window, self.stories.deals, self.today)
        if is_last:
            self._make_a_day()
        self.tickets = plan_tickets(self.draw, self.parties, self.owners, self._noon(), is_last=is_last)
        settle_steps(self.stories)

    def _noon(self) -> dt.datetime:
        return min(dt.datetime.combine(self.today, dt.time(12), dt.UTC), dt.datetime.now(dt.UTC))

    def _make_a_day(self) -> None:
        """Give everybody something logged this morning, a meeting this afternoon and tasks round today."""
        draw, buyers = self.draw, [p for p in self.parties if p.side == "buyer"]
        for owner in self.owners.values():
            own = [p for p in buyers if p.owner == owner] or buyers
            for hour in (7, 8, 9):
                party, talk = draw.one(own), draw.one(TODAY)
                self._today(party, owner, hour, talk.kind, talk.subject, body=talk.body, direction=talk.direction or None,
                            outcome=talk.outcome or None, minutes=draw.between(3, 15) if talk.minutes[1] else None)  # fmt: skip
            party = draw.one(own)
            self._today(party, owner, 14, "meeting", "Meeting with {company}", minutes=60,
                        body="Agenda: delivery, colour scheme, training of the instructors.")  # fmt: skip
            for days, kind, subject in ((0, "call", "Call {first} before noon"), (0, "send", "Send {company} the new dates"),
                                        (-1, "email", "Answer {first}'s question"), (1, "visit", "Visit {company}")):  # fmt: skip
                party = draw.one(own)
                self.stories.tasks.append(Planned(party, {
                    "kind": kind, "subject": subject.format(**Teller.words(party)), "owner": owner,
                    "due_on": self.today + dt.timedelta(days=days),
                }))  # fmt: skip

    def _today(self, party: Party, owner: UUID, hour: int, kind: str, subject: str, **more: object) -> None:
        words = Teller.words(party)
        values = {key: x.format(**words) if key == "body" else x for key, x in more.items() if x is not None}  # type: ignore[attr-defined]
        at = dt.datetime.combine(self.today, dt.time(hour, self.draw.one((0, 15, 30, 45))), dt.UTC)
        self.stories.activities.append(
            Planned(party, {"kind": kind, "subject": subject.format(**words)[:200], "happened_at": at, "owner": owner, **values})
        )

    # -- writing ------------------------------------------------------------------------------------------------

    def write(self, ctx: Context) -> int:
        """Write the block; returns how many records it has."""
        written = self._write_parties(ctx)
        written += self._write_deals(ctx)
        written += self._write_leads(ctx)
        tasks = [self._row(p) for p in self.stories.tasks]
        for lead in self.leads:
            if lead.task:
                kind, subject, due = lead.task
                task = {"kind": kind, "subject": subject, "due_on": due, "owner": lead.values["owner"]}
                tasks.append({**task, "about": ("lead", lead.id)})
        written += len(_create(ctx, "task", tasks))
        activities = sorted(self.stories.activities, key=lambda p: p.values["happened_at"])  # type: ignore[arg-type, return-value]
        ids = _create(ctx, "activity", [self._row(p) for p in activities])
        there = [{"activity": pk, "person": p.person.id} for p, pk in zip(activities, ids, strict=True) if p.person]
        return written + len(ids) + len(_create(ctx, "activity_person", there)) + (
            self._write_tickets(ctx) + self._write_ratings(ctx)
        )

    def _row(self, planned: Planned) -> dict[str, object]:
        values = {**planned.values, "customer": planned.party.id}
        if planned.deal is not None:
            values["about"] = ("deal", planned.deal.id)
        return values

    def _write_parties(self, ctx: Context) -> int:
        for party, pk in zip(self.parties, _create(ctx, "customer", [p.values for p in self.parties]), strict=True):
            party.id = pk
        rows = {"affiliation": list(self._affiliations()), "relationship": list(self._ties()),
                "preference": list(self._preferences())}  # fmt: skip
        return len(self.parties) + sum(len(_create(ctx, key, found)) for key, found in rows.items())

    def _affiliations(self) -> Iterator[dict[str, object]]:
        companies = [p for p in self.parties if p.side != "contact" and p.values["kind"] == "company"]
        for company in companies:
            for person in company.people:
                yield {"person": person.id, "company": company.id, "job_title": person.job[0], "part": person.job[1],
                       "from_on": person.at.date(), "is_primary": True}  # fmt: skip
                if self.draw.odds(0.05):
                    other = self.draw.one(companies)
                    if other is not company:
                        yield {"person": person.id, "company": other.id, "job_title": "Member of the board", "part": "influences"}

    def _ties(self) -> Iterator[dict[str, object]]:
        draw = self.draw
        buyers = [p for p in self.parties if p.side == "buyer"]
        for party in self.parties:
            if len(party.people) > 1 and draw.odds(0.5):
                yield {"one": party.people[1].id, "tie": "reports_to", "other": party.people[0].id}
            if draw.odds(0.035) and buyers:
                other = draw.one(buyers)
                if other is not party:
                    among = draw.one(("referred_by", "competes_with", "other"))
                    tie = {"supplier": "supplies", "partner": "partner_of"}.get(party.side, among)
                    yield {"one": party.id, "tie": tie, "other": other.id}

    def _preferences(self) -> Iterator[dict[str, object]]:
        draw = self.draw
        for party in self.parties:
            if party.values["kind"] == "person" and draw.odds(0.22):
                what, wish, sensitive = draw.one(PREFERENCES)
                learned = party.at.date() + dt.timedelta(days=draw.between(0, max(0, (self.today - party.at.date()).days)))
                yield {"customer": party.id, "what": what, "wish": wish, "is_sensitive": sensitive,
                       "learned_from": draw.one(LEARNED), "learned_on": learned}  # fmt: skip

    def _write_deals(self, ctx: Context) -> int:
        deals, stages = self.stories.deals, _stages(ctx)
        rows = [
            {**d.values, "customer": d.party.id, "stage": stages["open"][min(d.reached, len(stages["open"]) - 1)]
             if d.outcome == "open" else stages[d.outcome][0]}
            for d in deals
        ]  # fmt: skip
        for deal, pk in zip(deals, _create(ctx, "deal", rows), strict=True):
            deal.id = pk
        parts = [{"deal": d.id, "person": p.id, "part": p.job[1]} for d in deals for p in d.party.people[:2]]
        return len(deals) + len(_create(ctx, "deal_person", parts))

    def _write_tickets(self, ctx: Context) -> int:
        """Tickets of the first queue with what was written in them, and what became of complaints."""
        queue = gate.visible(ctx, registry.get("queue")).order_by("position", "pk").values_list("pk", flat=True).first()
        if not self.tickets or queue is None:
            return 0
        people = {id(one): one.party.people[0].id for one in self.tickets if one.party.people}
        rows = [
            {**one.values, "queue": queue, "customer": one.party.id, **({"person": people[id(one)]} if id(one) in people else {})}
            for one in self.tickets
        ]
        for one, pk in zip(self.tickets, _create(ctx, "ticket", rows), strict=True):
            one.id = pk
        entries = [
            {"ticket": one.id, "kind": kind, "body": body, "author": author, "at": at,
             "person": people.get(id(one)) if kind == "answer" else None}
            for one in self.tickets for kind, body, author, at in one.entries
        ]  # fmt: skip
        given = [{key: value for key, value in row.items() if value is not None} for row in entries]
        written = _create(ctx, "ticket_entry", given)
        self._settle_complaints(ctx)
        return len(rows) + len(written)

    def _write_ratings(self, ctx: Context) -> int:
        """What was said of tickets that were solved and of the company, on the scales of the shipped surveys."""
        surveys = gate.visible(ctx, registry.get("survey")).order_by("-pk").values_list("kind", "pk")
        rows = plan_ratings(self.draw, self.tickets, self.parties, dict(surveys), self._noon())
        return len(_create(ctx, "survey_answer", rows))

    def _settle_complaints(self, ctx: Context) -> None:
        wanted = {one.id: one for one in self.tickets if one.complaint}
        if not wanted:
            return
        causes = dict(gate.visible(ctx, registry.get("complaint_cause")).values_list("name", "pk"))
        for number, name in enumerate(CAUSES):
            if name not in causes:
                causes[name] = ctx.create("complaint_cause", name=name, position=10 * (number + 1)).pk
        rows = gate.visible(ctx, registry.get("complaint")).filter(ticket_id__in=list(wanted))
        edits = []
        for pk, ticket in rows.order_by("pk").values_list("pk", "ticket_id"):
            said = dict(wanted[ticket].complaint or {})
            edits.append((pk, {**said, "cause": causes[str(said.get("cause", CAUSES[0]))]}))
        ctx.write_many("complaint", edits)

    def _write_leads(self, ctx: Context) -> int:
        rows = []
        for lead in self.leads:
            became = lead.became
            links = {"deal": became.id, "customer": became.party.id, "person": became.party.people[0].id} if became else {}
            rows.append({**lead.values, **links})
        for lead, pk in zip(self.leads, _create(ctx, "lead", rows), strict=True):
            lead.id = pk
        return len(rows)


def _create(ctx: Context, type_key: str, rows: Sequence[Mapping[str, object]]) -> list[UUID]:
    if not rows:
        return []
    result = ctx.create_many(type_key, rows)
    for position, wrong in result.errors.items():
        raise SampleBroken(f"{type_key} {dict(rows[position])}: {wrong} {wrong.errors}")
    return [result.ids[position] for position in range(len(rows))]


def _stages(ctx: Context) -> dict[str, list[UUID]]:
    """Stages by outcome in the order of the pipeline."""
    found: dict[str, list[UUID]] = {}
    rows = gate.visible(ctx, registry.get("stage")).order_by("pipeline__position", "position")
    for pk, outcome in rows.values_list("pk", "outcome"):
        found.setdefault(outcome, []).append(pk)
    return found
