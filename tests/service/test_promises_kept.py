"""Who gets a ticket, who is told when a promise comes near or is broken, and what a change of the policy does."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.engines.notices.models import Notice
from rapport.kernel.actions.running import run_action
from rapport.kernel.jobs.models import Job
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from rapport.modules.service.alarms import tell_workspace
from rapport.modules.service.policy import recompute_tickets
from tests.cast import Cast
from tests.service.test_tickets import OPENED, queue_of

pytestmark = pytest.mark.django_db


def members(cast: Cast, **more: dict[str, object]) -> Record:
    """The first queue with Ana, Ben and Cem in it; `more` by name."""
    ctx, queue = cast.ctx("ana"), queue_of(cast)
    for name in ("ana", "ben", "cem"):
        ctx.create("queue_member", queue=queue.pk, person=getattr(cast, name).pk, **more.get(name, {}))
    return queue


def given(cast: Cast, **values: object) -> object:
    """Who gets a new ticket."""
    ticket = cast.ctx("ana").create("ticket", subject="One", queue=queue_of(cast).pk, **values)
    ticket.refresh_from_db()
    return ticket.owner_id


def test_a_queue_gives_its_tickets_to_nobody_unless_it_says_so(cast: Cast) -> None:
    members(cast)
    assert given(cast) is None


def test_members_get_tickets_in_turn_and_whoever_is_away_gets_none(cast: Cast) -> None:
    today = cast.ctx("ana").format.today
    queue = members(cast, ben={"away_from": today, "away_until": today})
    cast.ctx("ana").write(queue, gives="turns")
    assert [given(cast) for _n in range(3)] == [cast.ana.pk, cast.cem.pk, cast.ana.pk]
    assert given(cast, owner=cast.ben.pk) == cast.ben.pk, "whoever was chosen by hand keeps it"


def test_the_fewest_open_tickets_and_skills_decide(cast: Cast) -> None:
    queue = members(cast, cem={"skills": ["Engine"]})
    cast.ctx("ana").write(queue, gives="least")
    for _n in range(2):
        given(cast, owner=cast.ana.pk)
    assert [given(cast) for _n in range(4)] == [cast.ben.pk, cast.cem.pk, cast.ben.pk, cast.cem.pk], "Ana has two already"
    assert given(cast, tags=["engine"]) == cast.cem.pk


def test_each_promise_is_told_once_when_near_and_once_when_broken(cast: Cast) -> None:
    ctx, queue = cast.ctx("ana"), queue_of(cast)
    ctx.write(queue, lead=cast.ben.pk, warn_minutes=30, raises=True)
    ticket = ctx.create("ticket", subject="One", queue=queue.pk, priority="high", owner=cast.ana.pk, opened_at=OPENED)
    due = ticket.reply_due_at
    assert tell_workspace(cast.home, due - dt.timedelta(minutes=31)) == 0
    assert [tell_workspace(cast.home, due - dt.timedelta(minutes=29)) for _n in range(2)] == [1, 0]
    assert [tell_workspace(cast.home, due) for _n in range(2)] == [1, 0]
    told = Notice.objects.filter(workspace_id=cast.home.pk, event__in=("near", "late")).values_list("user_id", "event")
    assert sorted(told, key=str) == sorted([(cast.ana.pk, "near"), (cast.ana.pk, "late"), (cast.ben.pk, "late")], key=str)
    ticket.refresh_from_db()
    assert ticket.priority == "urgent"
    assert tell_workspace(cast.home, due + dt.timedelta(days=3)) == 0, "what is long past is no news"


def test_watchers_hear_of_entries_and_the_owner_of_the_customer(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ticket = ctx.create("ticket", subject="One", queue=queue_of(cast).pk, owner=cast.ben.pk)
    run_action(ctx, ticket, "watch", {})
    run_action(cast.ctx("ben"), ticket, "note", {"body": "Looked at it"})
    run_action(ctx, ticket, "hear", {"body": "And now?"})
    told = set(Notice.objects.filter(workspace_id=cast.home.pk, event="wrote").values_list("user_id", flat=True))
    assert told == {cast.ana.pk, cast.ben.pk}
    page = cast.client("ana").get("/notices").content.decode()
    assert "Something was written in “One”" in page


def test_open_tickets_are_worked_out_anew_when_the_policy_changes(cast: Cast) -> None:
    ctx, queue = cast.ctx("ana"), queue_of(cast)
    ticket = ctx.create("ticket", subject="One", queue=queue.pk, priority="high", opened_at=OPENED)
    hours = registry.get("service_hours").model.objects.get(workspace_id=cast.home.pk)
    ctx.create("holiday", hours=hours.pk, name="Day off", day=dt.date(2026, 11, 23))
    assert Job.objects.filter(task="service.recompute", workspace_id=cast.home.pk).count() == 1
    assert [changed for _done, changed in recompute_tickets(cast.system)] == [1]
    before = ticket.reply_due_at
    ticket.refresh_from_db()
    assert ticket.reply_due_at == before + dt.timedelta(days=1)
    assert [changed for _done, changed in recompute_tickets(cast.system)] == [0], "a second time finds nothing to do"
    ctx.write(queue, warn_minutes=5)
    assert Job.objects.filter(task="service.recompute", workspace_id=cast.home.pk).count() == 1, "that is no matter of clocks"
