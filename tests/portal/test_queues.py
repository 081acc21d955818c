"""Which queue a ticket out of the portal goes to: the one chosen of those offered, under the names made for customers."""

from __future__ import annotations

import pytest

from rapport.modules.service.models import Queue, Ticket
from tests.cast import Cast
from tests.portal.desk import guest, portal, text_of
from tests.service.test_tickets import queue_of

AT = "/portal/fernhill/tickets/"
pytestmark = pytest.mark.django_db


def test_guests_choose_among_the_queues_that_are_offered(cast: Cast) -> None:
    """One that is not offered cannot be chosen, and with nothing to choose the choice is not shown."""
    portal(cast.home)
    first, ctx = queue_of(cast), cast.ctx("ana")
    client = guest(ctx)
    assert 'name="queue"' not in text_of(client, f"{AT}new")
    machines = cast.system.create("queue", name="Tier 2 hardware", in_portal=True, portal_name="Machines", position=200)
    assert 'name="queue"' not in text_of(client, f"{AT}new"), "one is no choice"
    cast.system.create("queue", name="Invoices", in_portal=True, position=300)
    page = text_of(client, f"{AT}new")
    assert "Machines" in page and "Invoices" in page and "Tier 2 hardware" not in page and first.name not in page
    sent = {"subject": "Grinder", "body": "Smoke", "kind": "problem", "queue": str(machines.pk)}
    assert client.post(f"{AT}do/write", sent).status_code == 303
    made = Ticket.objects.get()
    assert (made.queue_id, made.kind, made.channel) == (machines.pk, "problem", "portal")
    hidden = client.post(f"{AT}do/write", {**sent, "body": "Other", "queue": str(first.pk)})
    assert hidden.status_code == 422 and "not offered any more" in hidden.content.decode()
    assert "Grinder" in hidden.content.decode() and Ticket.objects.count() == 1
    Queue.objects.filter(in_portal=True).update(in_portal=False)
    assert client.post(f"{AT}do/write", {"subject": "Plain", "body": "x"}).status_code == 303
    assert Ticket.objects.get(subject="Plain").queue_id == first.pk
