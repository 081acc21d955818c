"""A ticket from the first word to the solution: its number, its clocks, what everybody reads."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.kernel.actions.running import run_action
from rapport.kernel.records.registry import registry
from tests.cast import Cast

OPENED = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)  # a Friday


def queue_of(cast: Cast) -> object:
    """The queue every workspace starts with."""
    return registry.get("queue").model.objects.get(workspace_id=cast.ctx("ana").workspace.pk)


@pytest.mark.django_db
def test_a_ticket_has_a_number_and_is_due_by_what_was_promised(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    first, second = (
        ctx.create("ticket", subject=name, queue=queue_of(cast).pk, priority="high", opened_at=OPENED) for name in ("One", "Two")
    )
    assert (first.number, second.number) == (1, 2)
    # Four hours of nine to five from Friday at three: one hour is left for Monday... and two of Friday are used.
    assert first.reply_due_at == dt.datetime(2026, 11, 23, 11, 0, tzinfo=dt.UTC)
    assert first.due_at == first.reply_due_at


@pytest.mark.django_db
def test_a_reply_stops_its_clock_and_waiting_stops_the_other(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ticket = ctx.create("ticket", subject="One", queue=queue_of(cast).pk)
    assert ticket.reply_due_at and ticket.solve_due_at
    run_action(ctx, ticket, "reply", {"body": "We look into it.", "then": "wait", "minutes": 5})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.reply_due_at, ticket.solve_due_at, ticket.due_at) == ("waiting", None, None, None)
    assert (ticket.replied_at is not None, ticket.minutes) == (True, 5)
    run_action(ctx, ticket, "resume", {})
    ticket.refresh_from_db()
    assert ticket.due_at == ticket.solve_due_at is not None
