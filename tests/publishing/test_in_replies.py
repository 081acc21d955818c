"""An article in a reply: its address where this customer can read it, its text where not; and the answer is counted."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings

from rapport.engines.publishing.models import Tally
from rapport.kernel.actions.running import run_action
from tests.cast import Cast
from tests.portal.desk import guest, person, portal
from tests.publishing.desk import article, help_centre
from tests.service.test_tickets import queue_of


@pytest.mark.django_db
def test_the_ticket_page_puts_in_an_address_only_where_the_customer_can_read_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public: the help centre. For customers: the portal, for somebody who is let in. Else the words."""
    monkeypatch.setattr(settings, "BASE_URL", "https://crm.example.com")
    ctx = cast.ctx("ana")
    public = article(ctx, "Parcels and their delivery", body="Two **days**.\n\nThen ask.")
    article(ctx, "Delivery of parcels to dealers", publish="portal", body="Dealers first.")
    article(ctx, "Delivery of parcels: what we may promise", publish="internal", body="One crate of [apples](https://x.example).")
    maya = person(ctx)
    given = {"subject": "Delivery of my parcels", "body": "Where are they?", "queue": queue_of(cast).pk, "person": maya.pk}
    ticket = ctx.create("ticket", **given)

    def offered() -> dict[str, str]:
        page = cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()
        texts = [html.unescape(one) for one in re.findall(r'data-insert="([^"]*)"', page)]
        return {text.partition("\n")[0]: text.partition("\n")[2] for text in texts}

    texts = offered()
    assert texts["Parcels and their delivery"] == "Two days.\n\nThen ask.", "the help centre is off"
    assert texts["Delivery of parcels to dealers"] == "Dealers first."
    help_centre(cast.home)
    portal(cast.home)
    assert offered()["Delivery of parcels to dealers"] == "Dealers first.", "Maya has not been let in"
    guest(ctx, maya)
    texts = offered()
    assert re.fullmatch(r"https://crm.example.com/help/\S+/en/article/\S+", texts["Parcels and their delivery"])
    assert re.fullmatch(r"https://crm.example.com/portal/fernhill/articles/en/\S+", texts["Delivery of parcels to dealers"])
    assert texts["Delivery of parcels: what we may promise"] == "One crate of apples."
    run_action(ctx, ticket, "reply", {"body": "See " + texts["Parcels and their delivery"]})
    assert Tally.objects.get(workspace_id=cast.home.pk, record_id=public.pk).used == 1
