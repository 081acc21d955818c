"""What happened with whom: deals with their steps, care between them, tasks to come; planned in memory, party by party."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from rapport.engines.sample import texts, trades
from rapport.engines.sample.draw import Draw
from rapport.engines.sample.parties import Party
from rapport.engines.sample.texts import Talk
from rapport.kernel.money import Money

_CURRENCY = {"GB": "GBP", "CH": "CHF"}
_CONTACTS = ("call", "meeting", "email", "visit", "message")
#: What a customer of a stage has bought or is buying: outcome and odds, in the order it happened.
_DEALS = {
    "customer": (("won", 1.0), ("open", 0.17), ("lost", 0.06)),
    "advocate": (("won", 1.0), ("won", 0.9), ("open", 0.25)),
    "lapsed": (("won", 0.9), ("lost", 0.2)),
    "lost": (("lost", 1.0),),
    "prospect": (("lost", 0.08), ("open", 0.72)),
    "lead": (("open", 0.1),),
    "subscriber": (),
}  # fmt: skip
_CARE = {"customer": 3.1, "advocate": 4.0, "lapsed": 1.2, "lost": 0.4, "prospect": 1.0, "lead": 1.5, "subscriber": 0.5}


@dataclass
class PlannedDeal:
    """A deal, and how far it came (0 to 3 among the open stages)."""

    party: Party
    values: dict[str, object]
    outcome: str
    reached: int
    product: str
    opened: dt.date
    closed: dt.date
    id: UUID | None = None


@dataclass
class Planned:
    """An activity or task, with whom and about which deal."""

    party: Party
    values: dict[str, object]
    deal: PlannedDeal | None = None
    person: Party | None = None


@dataclass
class Stories:
    """Everything planned for a block of parties."""

    deals: list[PlannedDeal] = field(default_factory=list)
    activities: list[Planned] = field(default_factory=list)
    tasks: list[Planned] = field(default_factory=list)


class Teller:
    """Plans the stories of parties as of a day."""

    def __init__(self, draw: Draw, today: dt.date) -> None:
        """One teller per block."""
        self.draw, self.today = draw, today
        self.out = Stories()
        #: What was said to the party at hand, so that nothing is said twice.
        self.told: set[str] = set()

    def tell(self, party: Party) -> None:
        """Plan everything that happened and is to happen with one party."""
        draw = self.draw
        self.told = set()
        if party.side == "contact":
            if draw.odds(0.45):
                self._talk(party, draw.one(texts.CARE), self._day(party.at.date(), self.today), rep=party.owner)
            return
        if party.side in ("supplier", "partner"):
            for _n in range(draw.about(3.2)):
                self._talk(party, draw.one(texts.SUPPLY), self._day(party.at.date(), self.today), rep=party.owner)
            return
        for outcome, odds in _DEALS[party.stage]:
            if draw.odds(odds):
                self._deal(party, outcome)
        for _n in range(draw.about(_CARE[party.stage])):
            self._talk(party, draw.one(texts.CARE), self._day(party.at.date(), self.today), rep=party.owner)
        if draw.odds(0.17):
            self._care_task(party)

    def _day(self, start: dt.date, end: dt.date) -> dt.date:
        days = max(0, (end - start).days - 1)
        return start + dt.timedelta(days=self.draw.between(0, days))

    # -- deals --------------------------------------------------------------------------------------------------

    def _deal(self, party: Party, outcome: str) -> None:
        draw = self.draw
        came = party.at.date()
        if outcome == "open":
            opened = max(came, self.today - dt.timedelta(days=draw.between(3, 190)))
            reached = draw.weighted((0, 1, 2, 3), (30, 28, 25, 17))
            closed = self.today + dt.timedelta(days=draw.between(-12, 190))
        else:
            opened = self._day(came, max(came, self.today - dt.timedelta(days=20)))
            reached = 3 if outcome == "won" else draw.between(0, 3)
            closed = opened + dt.timedelta(days=draw.between(12, max(12, min(160, (self.today - opened).days))))
            closed = min(closed, self.today)
        name, product, amount = self._goods(party, outcome)
        created = draw.working_hour(opened)
        values: dict[str, object] = {
            "name": name, "amount": amount, "opened_on": opened, "owner": party.owner, "created_at": created,
            "close_on": closed, "source": party.values["source"],
        }  # fmt: skip
        if outcome != "open":
            won = trades.WON if product in trades.AIRCRAFT else trades.SMALL_WON
            values |= {"closed_on": closed, "reason": draw.one(won if outcome == "won" else trades.LOST)}
        deal = PlannedDeal(party, values, outcome, reached, product, opened, closed)
        self.out.deals.append(deal)
        self._sell(deal)

    def _goods(self, party: Party, outcome: str) -> tuple[str, str, Money]:
        """What is sold: an aircraft first, other things besides."""
        draw = self.draw
        currency = _CURRENCY.get(party.country.code, "EUR")
        if party.trade is not None and party.trade.aircraft and draw.odds(0.62):
            product = draw.one(party.trade.aircraft)
            pieces = 2 if draw.odds(0.08) else 1
            price = trades.AIRCRAFT[product] * (100 + draw.between(0, 12)) // 100 * pieces
            label = f"Two {product}s" if pieces == 2 else product
        else:
            product = label = draw.one(tuple(trades.EXTRAS))
            price = draw.between(*trades.EXTRAS[product]) // 50 * 50
        return f"{label} for {party.name}"[:200], product, Money(price * 100, currency)

    def _sell(self, deal: PlannedDeal) -> None:
        """The steps of the sale, spread from the opening to now or the end."""
        draw = self.draw
        end = self.today if deal.outcome == "open" else deal.closed
        big = deal.product in trades.AIRCRAFT
        steps = (texts.SALE if big else texts.SMALL_SALE)[: deal.reached + 1 + (deal.outcome == "won")]
        span = max(0, (end - deal.opened).days)
        days = sorted(draw.between(0, span) for _step in steps)
        for day, talks in zip(days, steps, strict=True):
            if draw.odds(0.62):
                self._talk(deal.party, draw.one(talks), deal.opened + dt.timedelta(days=day), rep=deal.party.owner, deal=deal)
        moved = deal.opened + dt.timedelta(days=days[-1])
        if deal.outcome != "open":
            won = texts.WON if big else texts.SMALL_WON
            last = draw.one(won if deal.outcome == "won" else texts.LOST)
            self._talk(deal.party, last, deal.closed, rep=deal.party.owner, deal=deal)
            moved = deal.closed
            if draw.odds(0.2):
                self._done_task(deal)
        elif draw.odds(0.86):
            self._deal_task(deal)
        deal.values["moved_at"] = draw.working_hour(moved)

    # -- activities ---------------------------------------------------------------------------------------------

    def _talk(self, party: Party, talk: Talk, day: dt.date, *, rep: UUID, deal: PlannedDeal | None = None) -> None:
        draw = self.draw
        if deal is None and talk.subject in self.told:
            return
        self.told.add(talk.subject)
        day = min(max(day, party.at.date()), self.today - dt.timedelta(days=1))
        words = self.words(party, deal)
        values: dict[str, object] = {
            "kind": talk.kind, "subject": talk.subject.format(**words)[:200], "body": talk.body.format(**words),
            "happened_at": draw.working_hour(day), "owner": rep,
        }  # fmt: skip
        if talk.direction:
            values["direction"] = talk.direction
        if talk.outcome:
            values["outcome"] = talk.outcome
        if talk.minutes[1]:
            values["minutes"] = draw.between(*talk.minutes)
        if talk.kind == "note" and draw.odds(0.1):
            values["is_pinned"] = True
        person = draw.one(party.people) if party.people and talk.kind in ("meeting", "visit") and draw.odds(0.7) else None
        self.out.activities.append(Planned(party, values, deal, person))

    @staticmethod
    def words(party: Party, deal: PlannedDeal | None = None) -> dict[str, str]:
        """What the placeholders of a text stand for."""
        product = deal.product if deal else party.trade.aircraft[0] if party.trade and party.trade.aircraft else "S2 Trainer"
        return {"product": product, "first": party.first, "company": party.name, "city": party.city}

    # -- tasks --------------------------------------------------------------------------------------------------

    def due(self) -> dt.date:
        """When open tasks fall due: some are late, some today, most within three weeks."""
        draw = self.draw
        when = draw.weighted(("late", "today", "soon", "later"), (13, 8, 57, 22))
        days = {"late": (-16, -1), "today": (0, 0), "soon": (1, 20), "later": (21, 75)}[when]
        return self.today + dt.timedelta(days=draw.between(*days))

    def _deal_task(self, deal: PlannedDeal) -> None:
        tasks = texts.DEAL_TASKS if deal.product in trades.AIRCRAFT else texts.SMALL_TASKS
        kind, subject = self.draw.one(tasks[deal.reached])
        self._task(deal.party, kind, subject, self.due(), deal)

    def _care_task(self, party: Party) -> None:
        kind, subject = self.draw.one(texts.CARE_TASKS)
        if self.draw.odds(0.6):
            self._task(party, kind, subject, self.due(), None)
        else:
            self._task(party, kind, subject, self._day(party.at.date(), self.today), None, done=True)

    def _done_task(self, deal: PlannedDeal) -> None:
        tasks = texts.DEAL_TASKS if deal.product in trades.AIRCRAFT else texts.SMALL_TASKS
        kind, subject = self.draw.one(tasks[deal.reached])
        self._task(deal.party, kind, subject, self._day(deal.opened, deal.closed), deal, done=True)

    def _task(
        self, party: Party, kind: str, subject: str, due: dt.date, deal: PlannedDeal | None, *, done: bool = False
    ) -> None:
        draw = self.draw
        values: dict[str, object] = {
            "kind": kind, "subject": subject.format(**self.words(party, deal))[:200], "due_on": due, "owner": party.owner,
            "is_follow_up": deal is not None,
        }  # fmt: skip
        if kind in ("call", "meeting", "visit") and draw.odds(0.3):
            values["due_time"] = dt.time(draw.between(8, 16), draw.one((0, 15, 30, 45)))
        if done:
            at = min(draw.working_hour(due), dt.datetime.combine(self.today, dt.time(7), dt.UTC))
            values |= {"state": "done", "done_at": at, "outcome": draw.one(texts.OUTCOMES)}
        self.out.tasks.append(Planned(party, values, deal))


def settle_steps(stories: Stories) -> None:
    """Give parties and deals their last contact and next step, so that writing them needs no second write."""
    for planned in stories.activities:
        at, values = planned.values["happened_at"], planned.party.values
        if planned.values["kind"] in _CONTACTS and at > values.get("last_contact_at", _NEVER):  # type: ignore[operator]
            values["last_contact_at"] = at
    for planned in stories.tasks:
        if planned.values.get("state") == "done":
            continue
        for values in (planned.party.values, *([planned.deal.values] if planned.deal else [])):
            if planned.values["due_on"] < values.get("next_step_on", dt.date.max):  # type: ignore[operator]
                values |= {"next_step": planned.values["subject"], "next_step_on": planned.values["due_on"]}


_NEVER = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
