"""Putting a ticket aside: gone from the work, back by itself with a notice, and what was promised stays promised."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.engines.notices.models import Notice
from rapport.kernel.actions.running import run_action
from rapport.kernel.errors import Invalid
from rapport.modules.service.aside import bring_back_due
from tests.cast import Cast
from tests.service.test_tickets import queue_of

pytestmark = pytest.mark.django_db
PART = {"headers": {"HX-Request": "true"}}


def _queue_in(page: str) -> str:
    return page.partition("data-queue")[2].partition("</nav>")[0]


def test_a_ticket_put_aside_leaves_the_work_and_comes_back_at_its_time_with_one_notice(cast: Cast) -> None:
    ctx, queue = cast.ctx("ana"), queue_of(cast).pk
    ticket, other = (ctx.create("ticket", subject=name, owner=cast.ana.pk, queue=queue) for name in ("Grinder", "Kettle"))
    due, client, at = ticket.due_at, cast.client("ana"), f"/ticket/{ticket.pk}/do/put_aside"
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    refused = client.post(at, {"until": "at", "at": "2020-01-01T08:00"}, **PART)
    assert refused.status_code == 422 and "choose a later one" in refused.content.decode()
    assert client.post(at, {"until": "at", "at": later.strftime("%Y-%m-%dT%H:%M")}, **PART).status_code == 204
    ticket.refresh_from_db()
    assert ticket.due_at == due, "the clocks go on"
    queue_now = _queue_in(client.get(f"/ticket/{other.pk}").content.decode())
    assert "Kettle" in queue_now and "Grinder" not in queue_now
    page = client.get(f"/ticket/{ticket.pk}").content.decode()
    assert "Put aside until" in page and "do/bring_back" in page
    assert bring_back_due(cast.home) == 0
    assert bring_back_due(cast.home, later + dt.timedelta(minutes=1)) == 1
    assert bring_back_due(cast.home, later + dt.timedelta(minutes=1)) == 0
    assert Notice.objects.filter(event="aside", user_id=cast.ana.pk).count() == 1
    assert "was put aside and is back" in client.get("/notices").content.decode()
    assert "Grinder" in _queue_in(client.get(f"/ticket/{other.pk}").content.decode())


def test_an_answer_brings_it_back_solving_ends_it_and_it_can_be_taken_back(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ticket = ctx.create("ticket", subject="Grinder", owner=cast.ana.pk, queue=queue_of(cast).pk)
    run_action(ctx, ticket, "put_aside", {"until": "answer"})
    assert bring_back_due(cast.home, dt.datetime.now(dt.UTC) + dt.timedelta(days=900)) == 0
    run_action(cast.system, ticket, "hear", {"body": "Any news?"})
    ticket.refresh_from_db()
    assert ticket.aside_since is None and Notice.objects.filter(event="aside", user_id=cast.ana.pk).count() == 1
    run_action(ctx, ticket, "put_aside", {"until": "monday"})
    ticket.refresh_from_db()
    assert ticket.aside_until.astimezone(ctx.format.zone).weekday() == 0
    run_action(ctx, ticket, "bring_back", {})
    ticket.refresh_from_db()
    assert ticket.aside_until is None and ticket.aside_by_id is None
    run_action(ctx, ticket, "put_aside", {"until": "soon"})
    run_action(ctx, ticket, "solve", {})
    ticket.refresh_from_db()
    assert ticket.aside_since is None, "what is solved does not come back"
    with pytest.raises(Invalid):
        run_action(ctx, ticket, "put_aside", {"until": "soon"})
