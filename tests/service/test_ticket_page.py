"""The page of a ticket: queue, conversation, composer, context, and nobody sees more there than elsewhere."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.actions.running import run_action
from rapport.kernel.records.model import Record
from rapport.modules.service.models import TicketLook
from tests.cast import Cast
from tests.service.test_tickets import queue_of


@pytest.fixture
def ticket(cast: Cast) -> Record:
    """Ana's ticket of a customer of hers, with a question."""
    ctx = cast.ctx("ana")
    customer = ctx.create("customer", name="Hotel Aldersley", kind="company")
    return ctx.create(
        "ticket", subject="Grinder will not start", body="The light is on.\nThe motor does nothing. <b>Help</b>", owner=cast.ana.pk,
        customer=customer.pk, queue=queue_of(cast).pk, priority="high", channel="email",
    )  # fmt: skip


@pytest.mark.django_db
def test_the_page_shows_what_was_asked_the_clock_and_why(cast: Cast, ticket: Record) -> None:
    page = cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()
    assert "Grinder will not start" in page and "&lt;b&gt;Help&lt;/b&gt;" in page and "<b>Help" not in page
    assert "First reply due" in page and "Promised: 4 h of “Office hours”" in page
    assert "My queue" in page and "Hotel Aldersley" in page


@pytest.mark.django_db
def test_a_reply_is_written_into_the_conversation_and_the_ticket_waits(cast: Cast, ticket: Record) -> None:
    client = cast.client("ana")
    posted = {"tab": "reply", "reply-body": "Hold the switch.", "reply-then": "wait", "reply-minutes": "12"}
    assert client.post(f"/ticket/{ticket.pk}/compose", posted, headers={"HX-Request": "true"}).status_code == 204
    ticket.refresh_from_db()
    assert (ticket.state, ticket.minutes, ticket.due_at) == ("waiting", 12, None)
    page = client.get(f"/ticket/{ticket.pk}").content.decode()
    assert "Hold the switch." in page and "msg me" in page and "12 min" in page


@pytest.mark.django_db
def test_an_empty_reply_is_refused_where_it_is_written(cast: Cast, ticket: Record) -> None:
    answer = cast.client("ana").post(
        f"/ticket/{ticket.pk}/compose", {"tab": "reply", "reply-body": " "}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422 and "Write something first" in answer.content.decode()


@pytest.mark.django_db
def test_a_note_names_colleagues_and_stops_no_clock(cast: Cast, ticket: Record) -> None:
    posted = {"tab": "note", "note-body": "Ask @Ben Moore about it", "note-people": str(cast.ben.pk)}
    assert cast.client("ana").post(f"/ticket/{ticket.pk}/compose", posted, headers={"HX-Request": "true"}).status_code == 204
    ticket.refresh_from_db()
    assert ticket.state == "new" and ticket.replied_at is None and ticket.due_at is not None


@pytest.mark.django_db
def test_saved_replies_fill_only_the_words_there_are(cast: Cast, ticket: Record) -> None:
    ctx = cast.ctx("ana")
    ctx.create("saved_reply", name="Sorry", body="Dear {{customer.name}}, about {{ticket.number}}: {{ me.name }}", then="solve")
    page = cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()
    assert f'data-text="Dear Hotel Aldersley, about {ticket.number}: {ctx.viewer.name}"' in page
    with pytest.raises(Exception, match="no placeholder"):
        ctx.create("saved_reply", name="Evil", body="{{ settings.SECRET_KEY }}")


@pytest.mark.django_db
def test_whoever_looks_too_is_named_and_forgotten_by_itself(cast: Cast, ticket: Record) -> None:
    cast.client("ana").post(f"/ticket/{ticket.pk}/live")
    TicketLook.objects.filter(workspace_id=cast.home.pk).update(user=cast.ben.pk)
    assert "is looking too" in cast.client("ana").post(f"/ticket/{ticket.pk}/live").content.decode()
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=31)
    TicketLook.objects.filter(workspace_id=cast.home.pk).update(seen_at=long_ago)
    assert "is looking too" not in cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()


@pytest.mark.django_db
def test_an_open_page_follows_what_others_write(cast: Cast, ticket: Record) -> None:
    client = cast.client("ana")
    page = client.get(f"/ticket/{ticket.pk}").content.decode()
    mark = page.split('name="stamp" value="')[1].split('"')[0]
    assert "recordChanged" not in client.post(f"/ticket/{ticket.pk}/live", {"stamp": mark}).headers.get("HX-Trigger", "")
    run_action(cast.ctx("ana"), ticket, "note", {"body": "New"})
    assert "recordChanged" in client.post(f"/ticket/{ticket.pk}/live", {"stamp": mark}).headers["HX-Trigger"]


@pytest.mark.django_db
def test_a_stranger_gets_404(cast: Cast, ticket: Record) -> None:
    for address in (f"/ticket/{ticket.pk}", f"/ticket/{ticket.pk}/compose", f"/ticket/{ticket.pk}/live"):
        for who in ("cem", "dea"):
            answer = cast.client(who).post(address, {"tab": "reply"}) if address.count("/") > 2 else cast.client(who).get(address)
            assert answer.status_code == 404, (who, address)


@pytest.mark.django_db
def test_the_page_costs_the_same_however_much_was_written(cast: Cast, ticket: Record) -> None:
    """One query for all entries, and one each for what their authors and the customers are called."""
    client, ctx = cast.client("ana"), cast.ctx("ana")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/ticket/{ticket.pk}").status_code == 200
        return len(seen)

    run_action(ctx, ticket, "note", {"body": "One"})
    queries()
    few = queries()
    for n in range(12):
        run_action(ctx, ticket, "note", {"body": f"Note {n}"})
        ctx.create("ticket", subject=f"Another {n}", queue=ticket.queue_id, customer=ticket.customer_id, owner=cast.ana.pk)
    assert queries() <= few + 1  # earlier tickets of the customer come with the name of their owner


@pytest.mark.django_db
def test_open_tickets_are_to_be_known_before_one_calls(cast: Cast, ticket: Record) -> None:
    page = cast.client("ana").get(f"/customer/{ticket.customer_id}").content.decode()
    assert "1 open ticket" in page and f"/ticket/?filter=customer+is+{ticket.customer_id}" in page
    stranger = cast.ctx("cem").create("customer", name="Theirs", kind="company")
    cast.ctx("ana").create("ticket", subject="Secret", queue=ticket.queue_id, customer=stranger.pk)
    assert "open ticket" not in cast.client("cem").get(f"/customer/{stranger.pk}").content.decode()
