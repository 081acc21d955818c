"""Follow-up rules: each occasion makes one task for ever, from the moment the rule was switched on, for those who may see it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.followups import making, running
from rapport.engines.followups.indexing import index_all_moments
from rapport.engines.followups.models import FollowUpMade, FollowUpRule, FollowUpState
from rapport.engines.followups.registry import presets
from rapport.engines.followups.running import run_all_rules, run_rule, run_rules
from rapport.kernel.access.models import Role, User
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import Queue
from rapport.modules.activities.models import Task
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Deal, Lead, Stage
from tests.cast import Cast, first_stage_id
from tests.factory import make

DUBLIN = ZoneInfo("Europe/Dublin")
NOW = dt.datetime.now(dt.UTC)


def rule_of(cast: Cast, preset: str, who: str = "ana", **more: object) -> FollowUpRule:
    """A rule from a preset."""
    values = next(one.start() for one in presets() if one.key == preset)
    made = cast.ctx(who).create("follow_up_rule", **{**values, **more})
    assert isinstance(made, FollowUpRule)
    return made


def run(cast: Cast, rule: FollowUpRule, now: dt.datetime | None = None) -> int:
    """Run the rule at a moment."""
    return run_rule(cast.home, rule.pk, now=now)


def tasks(cast: Cast) -> list[Task]:
    """What rules made."""
    return list(Task.objects.filter(workspace_id=cast.home.pk, is_follow_up=True).order_by("id"))


def won(cast: Cast, name: str, on: dt.date, **more: object) -> Deal:
    """A deal won on a day."""
    stage = Stage.objects.get(outcome="won")
    return make(cast.system, "deal", name=name, stage=stage.pk, closed_on=on, owner=cast.ben.pk, **more)  # type: ignore[return-value]


def test_four_months_after_a_deal_was_won_its_owner_gets_one_task_for_ever(cast: Cast) -> None:
    """Not before, once however often it runs, and the task says whose rule it was and what it is about."""
    rule = rule_of(cast, "after_delivery")
    customer = make(cast.system, "customer", name="Hotel", owner=cast.ben.pk)
    deal = won(cast, "Lobby bar", dt.date(2026, 10, 31), customer=customer.pk)
    lost = make(
        cast.system, "deal", name="Lost", stage=Stage.objects.get(outcome="lost").pk, closed_on=dt.date(2026, 10, 31), reason="no"
    )
    day = dt.datetime(2027, 2, 28, tzinfo=DUBLIN)
    FollowUpState.objects.filter(rule_id=rule.pk, workspace_id=cast.home.pk).update(
        starts_at=day - dt.timedelta(days=9), reached_at=day - dt.timedelta(days=9)
    )
    assert run(cast, rule, day - dt.timedelta(minutes=5)) == 0
    assert run(cast, rule, day + dt.timedelta(minutes=5)) == 1
    assert run(cast, rule, day + dt.timedelta(minutes=10)) == 0
    assert run(cast, rule, day + dt.timedelta(days=300)) == 0
    (task,) = tasks(cast)
    assert task.subject == "How is it going? Lobby bar" and task.owner_id == cast.ben.pk and task.kind == "call"
    assert (task.about_type, task.about_id, task.customer_id) == ("deal", deal.pk, customer.pk)
    assert task.due_on == dt.date(2027, 2, 28) and lost.pk != task.about_id
    change = Change.objects.get(workspace_id=cast.home.pk, record_id=task.pk, verb="create")
    assert (change.surface, change.cause_id, change.actor_name) == ("rule", rule.pk, rule.name)
    page = cast.client("ben").get(f"/task/{task.pk}").content.decode()
    assert "by the rule “Four months after delivery”" in page


def test_switching_on_makes_nothing_of_the_past_unless_asked(cast: Cast) -> None:
    """A deal won long ago falls due only when “also the last days” reaches back that far."""
    on = (NOW - dt.timedelta(days=130)).date()
    won(cast, "Old", on)
    plain = rule_of(cast, "after_delivery")
    assert run(cast, plain) == 0 and run(cast, plain, NOW + dt.timedelta(days=1)) == 0
    reaching = rule_of(cast, "after_delivery", name="Reaching", also_days=30)
    assert run(cast, reaching) == 1 and run(cast, reaching, NOW + dt.timedelta(days=1)) == 0
    ana = cast.ctx("ana")
    ana.write(reaching, is_active=False)
    assert run(cast, reaching) == 0
    ana.write(reaching, is_active=True)
    assert run(cast, reaching) == 0, "what was made stays made when the rule is switched off and on"


def test_a_date_that_is_set_late_is_not_missed(cast: Cast) -> None:
    """Written after the clock has passed it, but after the rule began: made at the next run. Before the rule: not."""
    rule = rule_of(cast, "after_delivery", amount=0, unit="days")
    start = NOW - dt.timedelta(days=20)
    FollowUpState.objects.filter(rule_id=rule.pk, workspace_id=cast.home.pk).update(starts_at=start, reached_at=NOW)
    won(cast, "Told late", (NOW - dt.timedelta(days=10)).date())
    won(cast, "Far too old", (NOW - dt.timedelta(days=40)).date())
    assert run(cast, rule, NOW + dt.timedelta(minutes=5)) == 1
    assert [one.subject for one in tasks(cast)] == ["How is it going? Told late"]


def test_downtime_is_made_up_for(cast: Cast) -> None:
    """Three weeks without a run, and everything that fell due meanwhile is there, once."""
    rule = rule_of(cast, "after_delivery", amount=1, unit="days")
    start = NOW - dt.timedelta(days=25)
    FollowUpState.objects.filter(rule_id=rule.pk, workspace_id=cast.home.pk).update(starts_at=start, reached_at=start)
    for days in range(3, 23):
        deal = won(cast, f"Deal {days}", (NOW - dt.timedelta(days=days)).date())
        Deal.objects.filter(pk=deal.pk).update(updated_at=NOW - dt.timedelta(days=60))
    assert run(cast, rule, NOW) == 20
    assert run(cast, rule, NOW + dt.timedelta(minutes=5)) == 0


def test_a_run_that_was_cut_off_goes_on_without_doubles(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the first batch: the cursor stays, what is made stays made, the rest follows."""
    rule = rule_of(cast, "after_delivery", amount=1, unit="days", also_days=10)
    for n in range(7):
        won(cast, f"Deal {n}", (NOW - dt.timedelta(days=5)).date())
    monkeypatch.setattr("rapport.engines.followups.finding.BATCH", 3)
    real = making.make
    calls = []

    def dies_at_the_second(*args: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "make", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(cast, rule)
    assert len(tasks(cast)) == 3
    monkeypatch.setattr(running, "make", real)
    assert run(cast, rule) == 4 and len(tasks(cast)) == 7


def test_a_rule_switched_off_stops_in_the_middle_of_a_run(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off means off: what the run had not made yet is not made."""
    rule = rule_of(cast, "after_delivery", amount=1, unit="days", also_days=10)
    for n in range(5):
        won(cast, f"Deal {n}", (NOW - dt.timedelta(days=5)).date())
    monkeypatch.setattr("rapport.engines.followups.finding.BATCH", 2)
    real = making.make

    def switched_off_after_the_first(*args: object) -> object:
        result = real(*args)  # type: ignore[arg-type]
        cast.ctx("ana").write(FollowUpRule.objects.get(pk=rule.pk), is_active=False)
        return result

    monkeypatch.setattr(running, "make", switched_off_after_the_first)
    assert run(cast, rule) == 2 and len(tasks(cast)) == 2


def test_birthdays_come_every_year_also_those_of_29_february(cast: Cast) -> None:
    """Found by month and day in the value index, for people who were there before the rule and those added later."""
    make(cast.system, "customer", kind="person", name="Early", birthday=dt.date(1980, 2, 29), owner=cast.ben.pk)
    rule = rule_of(cast, "birthday")
    assert FollowUpState.objects.get(rule_id=rule.pk, workspace_id=cast.home.pk).problem == ""
    make(cast.ctx("ana"), "customer", kind="person", name="Late", birthday=dt.date(1990, 2, 28), owner=cast.ben.pk)
    make(cast.ctx("ana"), "customer", kind="company", name="No person", birthday=dt.date(1990, 2, 28), owner=cast.ben.pk)
    for year in (2027, 2028):
        start = dt.datetime(year, 2, 1, tzinfo=DUBLIN)
        FollowUpState.objects.filter(rule_id=rule.pk, workspace_id=cast.home.pk).update(starts_at=start, reached_at=start)
        Customer.objects.filter(workspace_id=cast.home.pk).update(updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        run(cast, rule, dt.datetime(year, 2, 28, 9, tzinfo=DUBLIN))
        run(cast, rule, dt.datetime(year, 3, 1, 9, tzinfo=DUBLIN))
    assert sorted(one.subject for one in tasks(cast)) == [
        "Congratulate Early, 47 today", "Congratulate Early, 48 today", "Congratulate Late, 37 today", "Congratulate Late, 38 today",
    ]  # fmt: skip


def test_silence_counts_from_the_last_contact_or_from_the_beginning(cast: Cast) -> None:
    """A customer spoken to since gets no task; one never spoken to counts from the day they were added."""
    rule = rule_of(cast, "no_contact", matching="")
    quiet, spoken, never = (make(cast.system, "customer", name=name, owner=cast.ben.pk) for name in ("Quiet", "Spoken", "Never"))
    for one, days in ((quiet, 89), (spoken, 20)):
        Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=days))
    assert run(cast, rule, NOW) == 0
    assert run(cast, rule, NOW + dt.timedelta(days=2)) == 1
    assert run(cast, rule, NOW + dt.timedelta(days=72)) == 1
    assert run(cast, rule, NOW + dt.timedelta(days=91)) == 1
    assert [one.customer_id for one in tasks(cast)] == [quiet.pk, spoken.pk, never.pk]


def test_a_lead_unanswered_for_a_day(cast: Cast) -> None:
    """Taken up in time: nothing. Left lying: one task."""
    rule = rule_of(cast, "lead_unanswered")
    lying, taken = (make(cast.system, "lead", name=name, owner=cast.ben.pk) for name in ("Lying", "Taken"))
    Lead.objects.filter(pk=taken.pk).update(state="working")
    assert run(cast, rule, NOW + dt.timedelta(hours=23)) == 0
    assert run(cast, rule, NOW + dt.timedelta(hours=25)) == 1
    assert tasks(cast)[0].about_id == lying.pk and taken.pk


def _job(cast: Cast) -> JobContext:
    return JobContext(Job(task="x", workspace_id=cast.home.pk), Queue("test"), has_heartbeat=True)


def test_a_custom_date_field(cast: Cast) -> None:
    """30 days before the day in a field the company added; what was there before the rule is indexed by its job."""
    make(cast.ctx("ana"), "custom_field", on_type="customer", label="Renewal", kind="date", choices="", show_when="")
    cast.home.refresh_from_db()
    make(cast.ctx("ana"), "customer", name="Old", c_renewal=dt.date(2027, 6, 30), owner=cast.ben.pk)
    rule = rule_of(
        cast, "no_contact", name="Renewal", mode="after", moment="c_renewal", amount=30, side="before", matching="",
        subject="Renew {name} by {date}",
    )  # fmt: skip
    cast.home.refresh_from_db()
    assert run(cast, rule, dt.datetime(2027, 6, 2, tzinfo=DUBLIN)) == 0, "it waits until its dates were read"
    with pytest.raises(Invalid, match="read first"):
        rule_of(cast, "no_contact", mode="after", moment="c_renewal", matching="", also_days=9)
    index_all_moments(_job(cast), on_type="customer", moment="c_renewal", mode="after")
    make(cast.ctx("ana"), "customer", name="New", c_renewal=dt.date(2027, 7, 1), owner=cast.ben.pk)
    Customer.objects.filter(workspace_id=cast.home.pk).update(updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert run(cast, rule, dt.datetime(2027, 5, 30, 23, tzinfo=DUBLIN)) == 0
    assert run(cast, rule, dt.datetime(2027, 5, 31, 1, tzinfo=DUBLIN)) == 1
    assert run(cast, rule, dt.datetime(2027, 6, 2, tzinfo=DUBLIN)) == 1
    assert [one.subject for one in tasks(cast)] == ["Renew Old by 30 Jun", "Renew New by 1 Jul"]


def test_whom_the_task_goes_to(cast: Cast) -> None:
    """A named person, the owner's manager, the team, and for an owner who left the next one above."""
    User.objects.filter(pk=cast.ben.pk).update(reports_to=cast.ana)
    from rapport.kernel.access.chart import access_changed

    access_changed(cast.home)
    team = User.objects.get(pk=cast.ben.pk).team_id
    got = {}
    for to, more in (("person", {"person": cast.ana.pk}), ("manager", {}), ("team", {}), ("owner", {})):
        rule = rule_of(cast, "after_delivery", name=to, subject=to, give_to=to, amount=0, unit="days", also_days=9, **more)
        got[to] = rule
    won(cast, "Deal", (NOW - dt.timedelta(days=3)).date())
    for rule in got.values():
        assert run(cast, rule) == 1
    by = {one.subject: one for one in tasks(cast)}
    assert by["person"].owner_id == by["manager"].owner_id == cast.ana.pk and by["owner"].owner_id == cast.ben.pk
    assert by["team"].owner_id is None and by["team"].team_id == team
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    access_changed(cast.home)
    won(cast, "Later", (NOW - dt.timedelta(days=2)).date())
    assert run(cast, got["owner"], NOW + dt.timedelta(minutes=5)) == 1
    assert tasks(cast)[-1].owner_id == cast.ana.pk


def test_nobody_gets_a_task_about_what_they_may_not_see(cast: Cast) -> None:
    """Cem, of the other team, may not see Ben's customer: nothing is made for him, and the rule's page says so."""
    rule = rule_of(cast, "no_contact", matching="", give_to="person", person=cast.cem.pk, also_days=200)
    hidden = make(cast.system, "customer", name="Secret Hotel", owner=cast.ben.pk)
    Customer.objects.filter(pk=hidden.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    assert run(cast, rule) == 0 and run(cast, rule, NOW + dt.timedelta(minutes=5)) == 0
    assert not tasks(cast) and FollowUpState.objects.get(rule_id=rule.pk, workspace_id=cast.home.pk).left_out == 1
    assert FollowUpMade.objects.get(rule_id=rule.pk, workspace_id=cast.home.pk).made_id is None


def _let_ben(cast: Cast) -> None:
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "follow_up_rule": {"*": "all"}})


def test_a_rule_sees_what_its_maker_sees_and_stands_still_when_they_left(cast: Cast) -> None:
    """Ben's rule finds nothing of the other team; without Ben it makes nothing at all, and somebody who takes it over
    starts it anew."""
    _let_ben(cast)
    rule = rule_of(cast, "no_contact", "ben", matching="", also_days=200)
    for owner in (cast.ben, cast.cem):
        one = make(cast.system, "customer", name=f"Of {owner.name}", owner=owner.pk)
        Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert run(cast, rule) == 0
    assert FollowUpState.objects.get(rule_id=rule.pk, workspace_id=cast.home.pk).problem == "nobody"
    User.objects.filter(pk=cast.ben.pk).update(is_active=True)
    assert run(cast, rule) == 1 and tasks(cast)[0].subject == "Get in touch with Of Ben Moore"
    cast.ctx("ana").write(rule, note="Taken over")
    rule.refresh_from_db()
    assert rule.runs_as_id == cast.ana.pk
    assert run(cast, rule, NOW + dt.timedelta(hours=1)) == 1, "Ana sees the other customer too, within the days asked for"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"on_type": "user"}, "on_type"), ({"moment": "name"}, "moment"), ({"matching": "nonsense is 1"}, "matching"),
        ({"subject": "Hello {password}"}, "subject"), ({"subject": "Hello {{ 7*7 }}"}, "subject"), ({"kind": "spam"}, "kind"),
        ({"amount": 4000}, "amount"), ({"give_to": "person"}, "person"), ({"mode": "yearly", "moment": "last_contact_at"}, "moment"),
        ({"also_days": 400}, "also_days"), ({"mode": "quiet", "side": "before"}, "side"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_the_field(cast: Cast, wrong: dict[str, object], field: str) -> None:
    """Before anything is stored."""
    with pytest.raises(Invalid) as found:
        rule_of(cast, "no_contact", **wrong)
    assert found.value.field == field or field in found.value.errors


def test_braces_in_a_name_are_not_looked_at_again(cast: Cast) -> None:
    """A customer called {owner} stays what they are called."""
    rule = rule_of(cast, "no_contact", matching="", also_days=200)
    one = make(cast.system, "customer", name="{owner} & <b>Co</b>", owner=cast.ben.pk)
    Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    run(cast, rule)
    assert tasks(cast)[0].subject == "Get in touch with {owner} & <b>Co</b>"


def test_a_run_costs_as_many_queries_for_fifty_as_for_five(cast: Cast) -> None:
    """Set-wise: batches, not records."""
    counts = []
    for tag, number in (("a", 5), ("b", 50)):
        rule = rule_of(cast, "after_delivery", name=tag, amount=1, unit="days", also_days=10, matching=f"name starts with {tag}")
        for n in range(number):
            won(cast, f"{tag}{n}", (NOW - dt.timedelta(days=5)).date())
        with CaptureQueriesContext(connection) as queries:
            assert run(cast, rule) == number
        # SQLite compares versions row by row when next steps are brought up to date; that is the write door's own way.
        counts.append(sum(not q["sql"].startswith("UPDATE") for q in queries))
    assert counts[0] == counts[1], counts


def test_the_scheduled_job_runs_every_active_rule(cast: Cast) -> None:
    """One job per workspace with rules, none for others."""
    rule_of(cast, "after_delivery", amount=1, unit="days", also_days=10)
    won(cast, "Deal", (NOW - dt.timedelta(days=5)).date())
    assert run_all_rules.declared.path == "followups.run_all"
    assert run_all_rules(None) == 1  # type: ignore[arg-type]
    job = Job.objects.get(task="followups.run", workspace_id=cast.home.pk)
    assert run_rules(JobContext(job, Queue("test"), has_heartbeat=True)) == {"made": 1}
    assert first_stage_id()
