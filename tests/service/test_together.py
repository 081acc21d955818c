"""Tickets put together and taken apart, parts, tickets that come back, and complaints step by step."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.kernel.actions.running import run_action
from rapport.kernel.errors import Invalid
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.service.test_tickets import queue_of

pytestmark = pytest.mark.django_db


def ticket_of(cast: Cast, subject: str, **more: object) -> Record:
    """A ticket of Ana's."""
    return cast.ctx("ana").create("ticket", subject=subject, queue=queue_of(cast).pk, owner=cast.ana.pk, **more)


def test_a_merged_ticket_shows_in_the_other_and_comes_out_again(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    one, other = ticket_of(cast, "One"), ticket_of(cast, "Other", body="The words of the other")
    run_action(ctx, other, "note", {"body": "A note of the other"})
    run_action(ctx, other, "join", {"into": one.pk})
    client = cast.client("ana")
    page = client.get(f"/ticket/{one.pk}").content.decode()
    assert "The words of the other" in page and "A note of the other" in page and "Take out again" in page
    other.refresh_from_db()
    assert (other.state, other.merged_into_id) == ("closed", one.pk)
    for wrong in (one.pk, other.pk):
        with pytest.raises(Invalid):
            run_action(ctx, one, "join", {"into": wrong})
    assert client.post(f"/ticket/{other.pk}/do/part").status_code == 302
    other.refresh_from_db()
    assert (other.state, other.merged_into_id) == ("open", None)
    assert "A note of the other" not in client.get(f"/ticket/{one.pk}").content.decode()


def test_parts_are_solved_with_the_whole_only_when_asked(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    whole = ticket_of(cast, "Whole")
    part = ticket_of(cast, "Part", parent=whole.pk)
    run_action(ctx, whole, "solve", {"answer": "New valve"})
    part.refresh_from_db()
    assert part.state == "new"
    run_action(ctx, whole, "reopen", {})
    run_action(ctx, whole, "solve", {"answer": "New valve", "children": True})
    part.refresh_from_db()
    assert (part.state, part.answer) == ("solved", "New valve")


def test_an_answer_opens_a_solved_ticket_again_and_later_begins_a_new_one(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ticket = ticket_of(cast, "One", state="solved", solved_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=13))
    assert run_action(ctx, ticket, "hear", {"body": "It came back"}) is None
    ticket.refresh_from_db()
    assert ticket.state == "open" and ticket.reopened == 1 and ticket.heard_at and ticket.due_at
    old = ticket_of(cast, "Old", state="closed", solved_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=15))
    made = run_action(ctx, old, "hear", {"body": "Again"})
    old.refresh_from_db()
    assert old.state == "closed" and made.follows_id == old.pk and made.body == "Again" and made.number != old.number


def test_a_complaint_goes_step_by_step_and_says_how_it_was_made_good(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    ticket = ticket_of(cast, "Charged twice", kind="complaint")
    complaint = registry.get("complaint").model.objects.get(ticket_id=ticket.pk)
    assert complaint.answer_by == ctx.format.today + dt.timedelta(days=14) and complaint.responsible_id == cast.ana.pk
    for before, step in (("received", "looked_into"), ("looked_into", "answered")):
        run_action(ctx, complaint, "advance", {"step": before})
        assert complaint.step == step
        with pytest.raises(Invalid, match="faster"):
            run_action(ctx, complaint, "advance", {"step": before})
        complaint.refresh_from_db()
    with pytest.raises(Invalid, match="how it was made good"):
        run_action(ctx, complaint, "advance", {"step": "answered"})
    ctx.write(complaint, made_good_by="refund", amount="49.90")
    run_action(ctx, complaint, "advance", {"step": "answered"})
    page = cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()
    assert complaint.step == "made_good" and "€49.90" in page and "Refund: money back" in page
    cause = ctx.create("complaint_cause", name="Wrong invoice")
    ctx.write(complaint, cause=cause.pk)
    assert "Wrong invoice" in cast.client("ana").get("/complaint/?group=cause&filter=").content.decode()


def test_a_number_is_never_given_twice(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    made = ctx.create_many("ticket", [{"subject": f"T{n}", "queue": queue_of(cast).pk} for n in range(5)])
    first = ticket_of(cast, "After")
    numbers = registry.get("ticket").model.objects.filter(workspace_id=cast.home.pk).values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6] and first.number == 6 and len(made.ids) == 5
    with pytest.raises(Invalid):
        ctx.create("ticket", subject="Mine", queue=queue_of(cast).pk, number=1)
