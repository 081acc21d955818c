"""Files in tickets: sent with a reply, come by mail, brought by guests, and never out of an internal note to a customer."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.sending import send_one
from rapport.kernel.actions.running import run_action
from rapport.modules.service.models import Queue, Ticket, TicketEntry, TicketFile
from tests.cast import Cast
from tests.mail.letters import deliver, letter
from tests.mail.smtp_server import SmtpServer
from tests.portal.desk import guest, person, portal, text_of
from tests.service.test_by_mail import HELP, desk, smtp
from tests.service.test_tickets import queue_of

__all__ = ["desk", "smtp"]
PART = {"headers": {"HX-Request": "true"}}
AT = "/portal/fernhill/tickets/"


def _file(name: str = "plan.txt", text: bytes = b"turn left") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text)


def _sent_bytes(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment"), address
    assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_files_come_with_a_mail_and_go_with_the_reply(cast: Cast, smtp: SmtpServer, desk: tuple[Mailbox, Queue]) -> None:
    """What the customer attached stands in the conversation for the team of the mailbox; ours are in the mail, byte for byte."""
    box, _queue = desk
    cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])
    deliver(cast.system, box, letter(1, to=HELP, file=("broken.bin", b"the picture")))
    ticket = Ticket.objects.get()
    cast.system.write(ticket, owner=cast.ben.pk)
    client = cast.client("ben")
    [key] = re.findall(
        r'href="/file/([^"]+)"[^>]*><svg[^>]*><use[^>]*/></svg>broken.bin', client.get(f"/ticket/{ticket.pk}").content.decode()
    )
    assert _sent_bytes(client, f"/file/{key}") == b"the picture"
    posted = {
        "tab": "reply",
        "reply-body": "Do it so.",
        "reply-then": "wait",
        "reply-files__upload": [_file(), _file("b.txt", b"B")],
    }
    assert client.post(f"/ticket/{ticket.pk}/compose", posted, **PART).status_code == 204
    mail = OutgoingMail.objects.get(is_automatic=False)
    OutgoingMail.objects.filter(pk=mail.pk).update(send_at=dt.datetime.now(dt.UTC))
    send_one(cast.home, mail.pk, job_id=uuid4())
    went = read_message(smtp.taken[0].data).attachments
    assert [(one.name, one.data) for one in went] == [("plan.txt", b"turn left"), ("b.txt", b"B")]
    page = client.get(f"/ticket/{ticket.pk}").content.decode()
    assert "plan.txt" in page and "b.txt" in page


@pytest.mark.django_db
def test_a_refused_reply_keeps_its_files_and_one_can_be_left_out(cast: Cast) -> None:
    """Without a word it comes back with both files ticked; what is sent again holds the one that stayed ticked."""
    ctx = cast.ctx("ana")
    ticket = ctx.create("ticket", subject="Grinder", owner=cast.ana.pk, queue=queue_of(cast).pk)
    client = cast.client("ana")
    posted = {"tab": "note", "note-body": " ", "note-files__upload": [_file(), _file("other.txt")]}
    answer = client.post(f"/ticket/{ticket.pk}/compose", posted, **PART)
    assert answer.status_code == 422 and not TicketFile.objects.exists()
    kept = re.findall(r'name="note-files" value="([^"]+)" checked', answer.content.decode())
    assert len(kept) == 2 and kept[0].startswith("plan.txt [")
    again = {"tab": "note", "note-body": "Look", "note-files": [kept[1]]}
    assert client.post(f"/ticket/{ticket.pk}/compose", again, **PART).status_code == 204
    assert TicketFile.objects.get().name == "other.txt"
    # Nobody attaches a file by knowing its key: Ben may not see the ticket it hangs on.
    theirs = cast.ctx("ben").create("ticket", subject="Ben's", owner=cast.ben.pk, queue=queue_of(cast).pk)
    stolen = {"tab": "note", "note-body": "Mine now", "note-files": [kept[0]]}
    assert cast.client("ben").post(f"/ticket/{theirs.pk}/compose", stolen, **PART).status_code == 422
    assert TicketFile.objects.count() == 1


@pytest.mark.django_db
def test_guests_bring_files_and_get_ours_but_none_of_a_note(cast: Cast) -> None:
    """The file survives a refused form; the agent's reply is downloaded in the portal, by this guest and nobody else."""
    portal(cast.home)
    ctx = cast.ctx("ana")
    maya = person(ctx)
    queue_of(cast)
    client = guest(ctx, maya)
    refused = client.post(f"{AT}do/write", {"subject": "Leak", "body": "", "files": [_file("leak.txt", b"drip")]})
    assert refused.status_code == 422
    [kept] = re.findall(r'name="kept" value="([^"]+)" checked', refused.content.decode())
    sent = {"subject": "Leak", "body": "In the cellar", "kept": [kept], "files": [_file("second.txt", b"2")]}
    assert client.post(f"{AT}do/write", sent).status_code == 303
    ticket = Ticket.objects.get(subject="Leak")
    assert sorted(TicketFile.objects.values_list("name", flat=True)) == ["leak.txt", "second.txt"]
    staff = cast.client("ana")
    for tab, name in (("reply", "answer.txt"), ("note", "secret.txt")):
        posted = {"tab": tab, f"{tab}-body": "x", "reply-then": "wait", f"{tab}-files__upload": [_file(name, name.encode())]}
        assert staff.post(f"/ticket/{ticket.pk}/compose", posted, **PART).status_code == 204
    page = text_of(client, f"{AT}{ticket.pk}")
    assert "leak.txt" in page and "answer.txt" in page and "secret.txt" not in page
    ours, secret = TicketFile.objects.get(name="answer.txt"), TicketFile.objects.get(name="secret.txt")
    assert _sent_bytes(client, f"{AT}{ticket.pk}/file/{ours.pk}") == b"answer.txt"
    assert client.get(f"{AT}{ticket.pk}/file/{secret.pk}").status_code == 404
    other = guest(ctx, person(ctx, "Otto", "otto@example.org"))
    assert other.get(f"{AT}{ticket.pk}/file/{ours.pk}").status_code == 404
    assert other.post(f"{AT}do/write", {"subject": "Mine", "body": "x", "kept": [kept]}).status_code == 303
    assert TicketFile.objects.count() == 4, "a sealed file counts for the account it was sealed for"
    assert client.post(f"{AT}{ticket.pk}/do/answer", {"body": "Better", "files": [_file("dry.txt")]}).status_code == 303
    assert TicketEntry.objects.get(kind="answer").files.get().name == "dry.txt"  # type: ignore[attr-defined]
    run_action(ctx, maya, "erase", {"confirm_name": "Maya Jensen", "reason": "asked"})
    assert not TicketFile.objects.filter(ticket=ticket).exists(), "an erasure takes the files too"
