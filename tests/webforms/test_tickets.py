"""Web forms that make tickets: the chosen queue, the person who is known, files, and a receipt for confirmed addresses only."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rapport.engines.mail.models import OutgoingMail
from rapport.engines.webforms.models import Submission
from rapport.engines.webforms.receiving import confirm
from rapport.kernel.errors import Invalid
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Lead
from rapport.modules.service.models import Ticket, TicketEntry, TicketFile
from tests.cast import Cast
from tests.mail.conftest import sending_mailbox_for
from tests.mail.smtp_server import SmtpServer
from tests.service.test_tickets import queue_of
from tests.webforms.test_web_forms import a_form, patient, send, take_all

__all__ = ["patient"]
ASKS = "name*\nemails*\nsubject\nbody*: Your question\nkind\nproduct\nfiles: Pictures"
MAYA = {"name": "Maya Jensen", "emails": "maya@example.org", "body": "It leaks.\nBadly.", "kind": "problem", "product": "Boiler"}
pytestmark = pytest.mark.django_db


def test_a_form_makes_a_ticket_of_a_known_person_in_its_queue_with_the_files(cast: Cast) -> None:
    """Everything mapped; what came in beside it is a note for colleagues; files survive a form that was refused."""
    queue_of(cast)
    machines = cast.system.create("queue", name="Machines", position=900)
    maya = cast.ctx("ana").create("customer", kind="person", name="Maya Jensen", emails=["maya@example.org"])
    form = a_form(cast, makes="ticket", place="Machines", asks=ASKS)
    client = Client()
    page = client.get(f"/form/{form.key}").content.decode()
    assert 'type="file"' in page and "multipart/form-data" in page
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    refused = client.post(f"/form/{form.key}", {**hidden, **MAYA, "body": "", "files": [SimpleUploadedFile("leak.txt", b"drip")]})
    assert refused.status_code == 422
    [kept] = re.findall(r'name="kept" value="([^"]+)" checked', refused.content.decode())
    sent = client.post(f"/form/{form.key}", {**hidden, **MAYA, "kept": [kept]})
    assert sent.status_code == 303, re.findall(r"wf-wrong.*", sent.content.decode())
    take_all(cast)
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.kind, ticket.product, ticket.channel) == ("It leaks.", "problem", "Boiler", "form")
    assert (ticket.person_id, ticket.queue_id, ticket.body) == (maya.pk, machines.pk, "It leaks.\nBadly.")
    assert ticket.heard_at is not None and TicketFile.objects.get().name == "leak.txt" and not Lead.objects.exists()
    note = TicketEntry.objects.get()
    assert note.kind == "note" and "not confirmed" in note.body and "spring" in note.body
    assert Submission.objects.get(workspace_id=cast.home.pk).values == {}, "nothing is kept twice"
    with pytest.raises(Invalid, match="There is no"):
        a_form(cast, makes="ticket", place="Nowhere", asks=ASKS)
    assert "body*" in cast.ctx("ana").create("web_form", name="Help", makes="ticket").asks  # type: ignore[attr-defined]


def test_strangers_are_written_down_once_and_only_confirmed_ones_get_a_receipt(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unconfirmed: a ticket, no mail to anybody. Confirmed: the queue's receipt, once, in whose answers the ticket goes on."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with SmtpServer() as smtp:
        box = sending_mailbox_for(
            cast, smtp, "ana", address="help@fernhill.example", name="Help", kind="shared", team=cast.ben.team_id, owner=None
        )
        queue = cast.system.create("queue", name="By mail", mailbox=box.pk, receipt="Thank you, this is {{ticket.number}}.")
        plain = a_form(cast, makes="ticket", place="By mail", asks=ASKS)
        send(plain, **MAYA)
        take_all(cast)
        [maya] = Customer.objects.filter(kind="person", name="Maya Jensen")
        assert Ticket.objects.get().person_id == maya.pk and not OutgoingMail.objects.exists()
        checked = a_form(cast, makes="ticket", place="By mail", asks=ASKS, is_confirmed_by_mail=True)
        send(checked, **{**MAYA, "body": "Again."})
        take_all(cast)
        assert Ticket.objects.count() == 1, "nothing happens before the link was opened"
        waiting = Submission.objects.get(workspace_id=cast.home.pk, state="waiting")
        assert confirm(cast.home.pk, waiting.pk)
        take_all(cast)
    second = Ticket.objects.exclude(body=MAYA["body"]).get()
    assert (second.person_id, second.queue_id) == (maya.pk, queue.pk) and Customer.objects.filter(kind="person").count() == 1
    receipt = OutgoingMail.objects.get()
    assert receipt.is_automatic and receipt.to[0]["address"] == "maya@example.org" and str(second.number) in receipt.text
