"""Last contact across departments: tickets, and mail as far as colleagues may know of it."""

from __future__ import annotations

import datetime as dt

from rapport.engines.mail.models import BouncedAddress, Mailbox
from rapport.kernel.actions.running import run_action
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.mail.letters import START, deliver, letter
from tests.service.test_tickets import queue_of


def _last(pk: object) -> dt.datetime | None:
    found: dt.datetime | None = registry.get("customer").model.objects.get(pk=pk).last_contact_at
    return found


def _jo(cast: Cast) -> object:
    return cast.system.create("customer", kind="person", name="Jo Kunde", emails=["jo@kunde.example"]).pk


def _box(cast: Cast, share: str) -> Mailbox:
    made = cast.system.create(
        "mailbox", name="Ana", address="ana@fernhill.example", owner=cast.ana.pk, imap_host="imap.example.com", user_name="ana",
        share=share,
    )  # fmt: skip
    assert isinstance(made, Mailbox)
    return made


def test_a_ticket_and_what_is_said_in_it_are_a_contact(cast: Cast) -> None:
    """Opened long ago, answered today; an internal note is none."""
    ctx, jo = cast.ctx("ana"), _jo(cast)
    opened = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
    ticket = ctx.create("ticket", subject="Cold", queue=queue_of(cast).pk, person=jo, opened_at=opened)
    assert _last(jo) == opened
    run_action(ctx, ticket, "note", {"body": "Look at the relay"})
    assert _last(jo) == opened
    run_action(ctx, ticket, "reply", {"body": "We come."})
    assert (_last(jo) or opened) > opened


def test_mail_is_a_contact_where_colleagues_may_know_that_it_happened(cast: Cast) -> None:
    """A mailbox that shares nothing moves no date that everybody sees; neither does a program's mail."""
    jo, box = _jo(cast), _box(cast, "none")
    deliver(cast.system, box, letter(1))
    assert _last(jo) is None
    cast.system.write(box, share="happened")
    deliver(cast.system, box, letter(2, more={"Auto-Submitted": "auto-replied"}))
    assert _last(jo) is None or _last(jo) == START + dt.timedelta(minutes=1)
    deliver(cast.system, box, letter(3))
    assert _last(jo) == START + dt.timedelta(minutes=3)


def test_an_address_that_comes_back_is_said_before_one_calls(cast: Cast) -> None:
    jo = _jo(cast)
    BouncedAddress.objects.create(
        workspace_id=cast.home.pk, address="jo@kunde.example", status="5.1.1", text="no such person", at=dt.datetime.now(dt.UTC)
    )
    page = cast.client("ana").get(f"/customer/{jo}").content.decode()
    assert "Mail comes back from" in page and "5.1.1" in page
