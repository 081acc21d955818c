"""My day: follow-ups and the team's tasks, one post for each verb, my own birthdays, and the target in one sentence."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.access.models import User
from rapport.kernel.errors import Invalid
from rapport.modules.activities.models import Task
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Stage
from rapport.modules.sales.periods import first_day, last_day, share_gone
from rapport.modules.sales.targets import aim_of, sentence_of
from tests.cast import Cast, hide_group
from tests.factory import make

HTMX = {"HX-Request": "true"}


def _day(cast: Cast, who: str = "ben") -> str:
    return cast.client(who).get("/").content.decode()


def test_overdue_comes_first_and_follow_ups_stand_apart(cast: Cast) -> None:
    """Tasks and follow-ups each in their panel, the oldest first, what is ahead below."""
    ctx = cast.ctx("ben")
    today = ctx.format.today
    for subject, days, follow in (("Tea", 0, False), ("Overdue", -3, False), ("Ask again", -1, True), ("Ahead", 4, False)):
        make(ctx, "task", subject=subject, due_on=today + dt.timedelta(days=days), is_follow_up=follow)
    html = _day(cast)
    at = [html.index(words) for words in ("Overdue", "Tea", "Follow-ups due", "Ask again", "Coming up", "Ahead")]
    assert at == sorted(at) and "1 today, 1 overdue" in html


def test_what_lies_with_the_team_shows_for_everybody_in_it(cast: Cast) -> None:
    """Without an owner and in my team: there. In another team: not."""
    today = cast.ctx("ben").format.today
    team = User.objects.get(pk=cast.ben.pk).team_id
    cast.system.create("task", subject="Anybody of North", team=team, due_on=today)
    assert "Anybody of North" in _day(cast) and "Anybody of North" not in _day(cast, "cem")


def test_each_verb_is_one_post_with_undo(cast: Cast) -> None:
    """Done and postpone answer without a page, with a toast that can take it back; the panels come alone."""
    ctx, client = cast.ctx("ben"), cast.client("ben")
    today = ctx.format.today
    one = make(ctx, "task", subject="One", due_on=today)
    two = make(ctx, "task", subject="Two", due_on=today)
    answer = client.post(f"/task/{one.pk}/do/done", {}, headers=HTMX)
    assert answer.status_code == 204 and json.loads(answer.headers["HX-Trigger"])["toast"]["undo"] == f"task:{one.pk}:2"
    for words, day in (("tomorrow", today + dt.timedelta(days=1)), ("in 2 weeks", today + dt.timedelta(days=14))):
        answer = client.post(f"/task/{two.pk}/do/postpone", {"until": words, "fields_shown": "until"}, headers=HTMX)
        assert answer.status_code == 204, words
        assert Task.objects.get(pk=two.pk).due_on == day
    wrong = client.post(f"/task/{two.pk}/do/postpone", {"until": "someday", "fields_shown": "until"}, headers=HTMX)
    assert wrong.status_code == 422 and "is not a date" in wrong.content.decode()
    parts = client.get("/", headers=HTMX).content.decode()
    assert "<html" not in parts and "One" not in parts and "Schedule" not in parts


def test_birthdays_are_those_of_my_customers_today_and_seven_days_on(cast: Cast) -> None:
    """Mine and near: there. Mine and later, or a colleague's: not; a customer handed over moves with their birthday."""
    today = cast.ctx("ben").format.today
    for name, owner, days in (("Near", cast.ben, 7), ("Far", cast.ben, 8), ("Of Ana", cast.ana, 1)):
        day = today + dt.timedelta(days=days)
        make(cast.system, "customer", kind="person", name=f"{name} Murphy", birthday=day.replace(year=1988), owner=owner.pk)

    def panel(who: str) -> str:
        """The birthdays alone: the customers that changed last stand below them."""
        html = _day(cast, who)
        start = html.find("Birthdays")
        return html[start : html.index("Recently changed")] if start >= 0 else ""

    assert "Near Murphy" in panel("ben") and "Far Murphy" not in panel("ben") and "Of Ana" not in panel("ben")
    cast.system.write(Customer.objects.get(workspace_id=cast.home.pk, name="Of Ana Murphy"), owner=cast.ben.pk)
    assert "Of Ana Murphy" in panel("ben") and "Of Ana Murphy" not in panel("ana")


def _won(cast: Cast, owner: User, amount: str) -> None:
    stage = Stage.objects.get(outcome="won").pk
    make(cast.system, "deal", stage=stage, closed_on=cast.ctx("ana").format.today, owner=owner.pk, amount=amount)


def test_a_target_says_how_far_one_is(cast: Cast) -> None:
    """Of my own deals in the period, in one sentence; a colleague's target and deals are theirs."""
    today = cast.ctx("ana").format.today
    make(
        cast.ctx("ana"),
        "target",
        name="Ben",
        person=cast.ben.pk,
        starts_on=today,
        measure="amount",
        amount="1000",
        period="month",
    )
    make(
        cast.ctx("ana"),
        "target",
        name="Cem",
        person=cast.cem.pk,
        starts_on=today,
        measure="amount",
        amount="9999",
        period="month",
    )
    _won(cast, cast.ben, "710")
    _won(cast, cast.cem, "5000")
    html = _day(cast)
    gone = share_gone(first_day("month", today), last_day("month", first_day("month", today)), today)
    assert "€710" in html and "won of €1,000 target" in html and "€9,999" not in html
    assert f"71% sold with {gone}% of the month gone" in html


def test_without_amounts_no_target_in_money(cast: Cast) -> None:
    """A role without the field group sees neither the goal nor the share; one that counts deals it sees."""
    today = cast.ctx("ana").format.today
    make(
        cast.ctx("ana"),
        "target",
        name="Money",
        person=cast.ben.pk,
        starts_on=today,
        measure="amount",
        amount="1000",
        period="month",
    )
    _won(cast, cast.ben, "710")
    hide_group(cast, "sales", "sales.amounts")
    html = _day(cast)
    assert "€" not in html and "% sold" not in html
    make(
        cast.ctx("ana"),
        "target",
        name="Deals",
        person=cast.ben.pk,
        starts_on=today,
        measure="count",
        deals=4,
        amount=None,
        period="year",
    )
    assert "won of 4 deals" in _day(cast) and "25% sold" in _day(cast)


def test_a_team_target_is_for_who_has_none_of_their_own(cast: Cast) -> None:
    """And the first day of its period is kept, whatever day was typed."""
    team = User.objects.get(pk=cast.ben.pk).team_id
    today = cast.ctx("ana").format.today
    made = make(
        cast.ctx("ana"),
        "target",
        name="North",
        for_team=team,
        person=None,
        starts_on=today,
        measure="count",
        deals=9,
        period="quarter",
    )
    assert made.starts_on == first_day("quarter", today)  # type: ignore[attr-defined]
    aim = aim_of(cast.ctx("ben"))
    assert aim is not None and aim.team_id == team and aim_of(cast.ctx("cem")) is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"for_team": "x"}, "person"), ({"amount": None}, "amount"), ({"amount": "10 USD"}, "amount"), ({"measure": "count", "deals": None}, "deals")],
)  # fmt: skip
def test_a_wrong_target_is_refused(cast: Cast, wrong: dict[str, object], field: str) -> None:
    """With the field that is wrong."""
    good = {
        "name": "T",
        "person": cast.ben.pk,
        "starts_on": dt.date(2026, 11, 1),
        "measure": "amount",
        "amount": "5",
        "period": "month",
    }
    if "for_team" in wrong:
        wrong = {"for_team": User.objects.get(pk=cast.ben.pk).team_id}
    with pytest.raises(Invalid) as found:
        cast.ctx("ana").create("target", **{key: value for key, value in {**good, **wrong}.items() if value is not None})
    assert field in found.value.errors or found.value.field == field


def test_sentences_of_every_period_are_whole() -> None:
    """Ahead, behind and reached, for month, quarter and year."""
    for period in ("month", "quarter", "year"):
        assert sentence_of(period, 71, 48, "€6,000") == f"71% sold with 48% of the {period} gone, €6,000 ahead"
        assert sentence_of(period, 20, 48, "€6,000").endswith("€6,000 behind") and "Reached" in sentence_of(period, 130, 48, "")


def test_the_panels_alone_cost_the_same_for_many_tasks(cast: Cast) -> None:
    """What is asked after every key press is as cheap for forty tasks as for two."""
    ctx, client = cast.ctx("ben"), cast.client("ben")
    counts = []
    for number in (2, 40):
        for n in range(number):
            make(ctx, "task", subject=f"T{n}", due_on=ctx.format.today, is_follow_up=bool(n % 2))
        client.get("/", headers=HTMX)
        with CaptureQueriesContext(connection) as queries:
            client.get("/", headers=HTMX)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
