"""What sales promises: stages, next steps, conversion, closing, on the stored rows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from rapport.engines.timeline.read import read_timeline
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role
from rapport.kernel.actions.running import offered, run_action
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from rapport.modules.activities.taken_place import keep_in
from tests.cast import Cast, first_stage_id


def _deal(ctx: Context, **more: object) -> Record:
    return ctx.create("deal", name="Skylark 4", stage=first_stage_id(), **more)


def _stage(outcome: str) -> Record:
    return registry.get("stage").model.objects.filter(outcome=outcome).order_by("position")[0]


def test_a_stage_moves_by_its_action_only(cast: Cast) -> None:
    """A plain write of the stage is refused with a sentence; nothing changed."""
    ctx = cast.ctx("ana")
    deal = _deal(ctx)
    with pytest.raises(Invalid, match="move"):
        ctx.write(deal, stage=_stage("won").pk)
    deal.refresh_from_db()
    assert deal.stage_id == first_stage_id()


def test_winning_closes_the_deal_and_makes_its_customer_a_customer(cast: Cast) -> None:
    """Stage, day of closing, reason; the customer's stage and roles follow."""
    ctx = cast.ctx("ana")
    customer = ctx.create("customer", name="Aldersley", stage="prospect")
    deal = _deal(ctx, customer=customer.pk)
    run_action(ctx, deal, "win", {"reason": "Price"})
    customer.refresh_from_db()
    assert deal.stage.outcome == "won" and deal.closed_on == ctx.format.today and deal.reason == "Price"
    assert customer.stage == "customer" and customer.roles == ["customer"]
    assert {a.key for a in offered(ctx, registry.get("deal"), deal)} == {"move", "reopen"}
    run_action(ctx, deal, "reopen", {})
    assert deal.stage.outcome == "open" and deal.closed_on is None


def test_losing_asks_why(cast: Cast) -> None:
    """By the action and by moving the card; both keep the reason."""
    ctx = cast.ctx("ana")
    deal = _deal(ctx)
    with pytest.raises(Invalid) as told:
        run_action(ctx, deal, "lose", {})
    assert "reason" in told.value.errors
    with pytest.raises(Invalid) as told:
        run_action(ctx, deal, "move", {"stage": _stage("lost").pk})
    assert told.value.code == "reason_needed"
    run_action(ctx, deal, "move", {"stage": _stage("lost").pk, "reason": "Budget"})
    assert deal.reason == "Budget"


def test_a_stage_demands_its_fields(cast: Cast) -> None:
    """To enter a stage that needs an amount, the deal must have one; the sentence names it."""
    ctx = cast.ctx("ana")
    offer = registry.get("stage").model.objects.get(name="Offer sent")
    ctx.write(offer, needed="amount, close_on")
    deal = _deal(ctx)
    with pytest.raises(Invalid) as told:
        run_action(ctx, deal, "move", {"stage": offer.pk})
    assert told.value.code == "needed" and told.value.field == "amount"
    ctx.write(deal, amount="900", close_on="2026-12-24")
    run_action(ctx, deal, "move", {"stage": offer.pk})
    assert deal.stage_id == offer.pk


def test_a_stage_with_deals_cannot_be_deleted(cast: Cast) -> None:
    """Neither can its pipeline; without deals both can."""
    ctx = cast.ctx("ana")
    deal = _deal(ctx)
    stage = registry.get("stage").model.objects.get(pk=first_stage_id())
    with pytest.raises(Refused, match="still"):
        ctx.delete(stage)
    with pytest.raises(Refused, match="still"):
        ctx.delete(stage.pipeline)
    ctx.delete(deal)
    ctx.delete(stage)


def test_converting_links_what_exists_and_loses_nothing(cast: Cast) -> None:
    """An existing company is linked, the person and deal are created, tasks go on, history shows from all ends."""
    ctx = cast.ctx("ana")
    company = ctx.create("customer", kind="company", name="Acme Ltd")
    lead = ctx.create(
        "lead", name="Ann Lee", company="Acme", emails="ann@acme.example", phones="+353 1 555 0101", interest="A trainer",
        source="trade_show", worth="250000", raw="met at Farnborough",
    )  # fmt: skip
    ctx.create("activity", kind="call", subject="First call", about=("lead", lead.pk))
    task = ctx.create("task", subject="Send brochure", about=("lead", lead.pk), due_on="2026-12-01")
    deal = run_action(ctx, lead, "convert", {"company": company.pk})
    person = registry.get("customer").model.objects.get(kind="person")
    assert (lead.state, lead.customer_id, lead.person_id, lead.deal_id) == ("converted", company.pk, person.pk, deal.pk)
    assert lead.raw == "met at Farnborough"
    assert person.emails[0]["value"] == "ann@acme.example" and deal.amount == 25000000 and deal.source == "trade_show"
    assert registry.get("affiliation").model.objects.filter(person=person, company=company).exists()
    assert registry.get("deal_person").model.objects.filter(person=person, deal=deal).exists()
    task.refresh_from_db()
    deal.refresh_from_db()
    assert (task.about_type, task.about_id) == ("deal", deal.pk)
    assert (deal.next_step, deal.next_step_on) == ("Send brochure", dt.date(2026, 12, 1))
    for key, record in (("customer", person), ("customer", company), ("deal", deal)):
        told = {e.title for e in read_timeline(ctx, registry.get(key), record.pk).entries}
        assert {"First call", "Ann Lee", "Send brochure"} <= told, key
    with pytest.raises(Invalid, match="not possible now"):
        run_action(ctx, lead, "convert", {})


def test_a_failing_conversion_leaves_nothing(cast: Cast) -> None:
    """Sales without the right to create deals: the person made on the way is gone again."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "deal": {"view": "team"}})
    lead = cast.system.create("lead", name="Ann Lee", company="Acme", owner=cast.ben.pk)
    ctx = cast.ctx("ben")
    with pytest.raises(Refused):
        run_action(ctx, gate.get(ctx, registry.get("lead"), lead.pk), "convert", {})
    lead.refresh_from_db()
    assert lead.state == "new" and not registry.get("customer").model.objects.exists()


def test_the_next_step_follows_the_tasks(cast: Cast) -> None:
    """Earliest open task first; done, postponed, deleted and restored tasks move it; finishing one asks for the next."""
    ctx = cast.ctx("ana")
    customer = ctx.create("customer", name="Aldersley")
    deal = _deal(ctx, customer=customer.pk)
    later = ctx.create("task", subject="Later", customer=customer.pk, about=("deal", deal.pk), due_on="2026-12-20")
    soon = ctx.create("task", subject="Soon", kind="call", customer=customer.pk, about=("deal", deal.pk), due_on="2026-12-10")

    def steps() -> tuple[str, str]:
        deal.refresh_from_db()
        customer.refresh_from_db()
        return deal.next_step, customer.next_step

    assert steps() == ("Soon", "Soon")
    run_action(ctx, soon, "postpone", {"until": "2026-12-30"})
    assert steps() == ("Later", "Later")
    ctx.delete(later)
    assert steps() == ("Soon", "Soon")
    ctx.restore(later)
    run_action(ctx, later, "done", {"outcome": "Reached", "next_step": "Visit", "next_on": "2026-12-05"})
    assert steps() == ("Visit", "Visit")
    customer.refresh_from_db()
    assert customer.last_contact_at is None, "a to-do that is done is no contact"
    run_action(ctx, soon, "done", {"outcome": "Spoke to Grace"})
    customer.refresh_from_db()
    assert customer.last_contact_at is not None


def test_a_repeating_task_comes_again(cast: Cast) -> None:
    """On the last of January monthly: the last of February."""
    ctx = cast.ctx("ana")
    task = ctx.create("task", subject="Stock check", due_on="2027-01-31", repeats="monthly")
    again = run_action(ctx, task, "done", {})
    assert again.due_on == dt.date(2027, 2, 28) and again.repeats == "monthly" and again.state == "open"


def test_amounts_in_another_currency_count_at_the_dated_rate(cast: Cast) -> None:
    """The sum is in the workspace's currency; the rate of its day stays with the amount."""
    ctx = cast.ctx("ana")
    ctx.create("exchange_rate", currency="USD", on_date="2026-01-01", rate="0.90")
    deal = _deal(ctx, amount="1000 USD")
    assert (deal.amount, deal.amount_currency, deal.amount_base) == (100000, "USD", 90000)
    assert deal.amount_rate_on == dt.date(2026, 1, 1)
    ctx.create("exchange_rate", currency="USD", on_date="2026-06-01", rate="0.50")
    ctx.write(deal, name="Renamed")
    assert deal.amount_base == 90000


def test_whoever_may_not_see_amounts_converts_without_losing_them(cast: Cast) -> None:
    """The expected value goes on with the deal; Ben sees it in neither place."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={})
    lead = cast.system.create("lead", name="Ann Lee", company="Acme", owner=cast.ben.pk, worth="73917391")
    ben = cast.ctx("ben")
    deal = run_action(ben, gate.get(ben, registry.get("lead"), lead.pk), "convert", {})
    deal.refresh_from_db()
    assert deal.amount == 7391739100
    lead.refresh_from_db()
    assert "73917391" not in lead.raw


def test_a_planned_meeting_becomes_the_last_contact_when_its_time_has_come(cast: Cast) -> None:
    """Nobody writes anything then; a note, a meeting that was deleted and one yet to come change nothing."""
    ctx, now = cast.ctx("ana"), timezone.now()
    customer = ctx.create("customer", name="Planned Ltd")
    soon, later = now + dt.timedelta(hours=1), now + dt.timedelta(days=2)
    ctx.create("activity", kind="meeting", subject="Visit", customer=customer.pk, happened_at=soon)
    ctx.create("activity", kind="meeting", subject="Next visit", customer=customer.pk, happened_at=later)
    ctx.create("activity", kind="note", subject="A thought", customer=customer.pk, happened_at=soon + dt.timedelta(minutes=5))
    gone = ctx.create("activity", kind="call", subject="Off", customer=customer.pk, happened_at=soon + dt.timedelta(minutes=9))
    ctx.delete(gone)
    assert keep_in(cast.home, now) == 0
    assert keep_in(cast.home, soon + dt.timedelta(hours=1)) == 1
    with use_workspace(cast.home):
        customer.refresh_from_db()
    assert customer.last_contact_at == soon
    assert keep_in(cast.home, soon + dt.timedelta(hours=2)) == 0
