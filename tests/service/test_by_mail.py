"""Tickets by mail: what comes into the mailbox of a queue opens or answers a ticket, and replies leave through it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.sending import send_one
from rapport.engines.notices.models import Notice
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.mentions import plain
from rapport.modules.mail.models import Mail
from rapport.modules.service.models import Queue, Ticket, TicketEntry, TicketMail
from tests.cast import Cast
from tests.mail.conftest import sending_mailbox_for
from tests.mail.corpus import all_of_it
from tests.mail.letters import START, deliver, letter
from tests.mail.smtp_server import SmtpServer

HELP = "help@fernhill.example"


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An outgoing server."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with SmtpServer() as server:
        yield server


@pytest.fixture
def desk(cast: Cast, smtp: SmtpServer) -> tuple[Mailbox, Queue]:
    """A shared mailbox of Ben's team that feeds a queue."""
    box = sending_mailbox_for(
        cast, smtp, "ana", address=HELP, name="Help", kind="shared", team=cast.ben.team_id, owner=None, signature="Fernhill Help"
    )
    queue = cast.system.create("queue", name="By mail", mailbox=box.pk, lead=cast.ana.pk)
    assert isinstance(queue, Queue) and queue.mail_since is not None
    Queue.objects.filter(pk=queue.pk).update(mail_since=START - dt.timedelta(days=1))
    return box, queue


def _jo(cast: Cast) -> Any:
    return cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])


def _come(cast: Cast, box: Mailbox, *letters: bytes) -> None:
    deliver(cast.system, box, *letters)


def _reply(cast: Cast, ticket: Ticket, body: str = "Try this.", **more: object) -> OutgoingMail | None:
    run_action(cast.ctx("ana"), ticket, "reply", {"body": body, **more})
    mail = OutgoingMail.objects.filter(about_id=ticket.pk, is_automatic=False).order_by("-made_at").first()
    if mail is not None and mail.state == "waiting":
        OutgoingMail.objects.filter(pk=mail.pk).update(send_at=dt.datetime.now(dt.UTC))
        send_one(cast.home, mail.pk, job_id=uuid4())
        mail.refresh_from_db()
    return mail


def _answer(number: int, mail: OutgoingMail, more: dict[str, str] | None = None, **given: Any) -> bytes:
    answers = {"In-Reply-To": f"<{mail.message_id}>", "References": f"<{mail.message_id}>"}
    return letter(number, to=HELP, more={**answers, **(more or {})}, **given)


def test_a_message_opens_a_ticket_and_its_answers_stay_in_it(cast: Cast, smtp: SmtpServer, desk: tuple[Mailbox, Queue]) -> None:
    """There and back and there again: one ticket, with whoever asked, and the customer's mail program keeps the conversation."""
    box, queue = desk
    jo = _jo(cast)
    _come(cast, box, letter(1, to=HELP, subject="Heating is cold", text="It has been cold since Monday."))
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.channel, ticket.person_id, ticket.queue_id) == ("Heating is cold", "email", jo.pk, queue.pk)
    assert ticket.body == "It has been cold since Monday." and ticket.heard_at is not None
    mail = _reply(cast, ticket)
    assert mail is not None and mail.state == "sent", mail
    sent = read_message(smtp.taken[0].data)
    assert smtp.taken[0].receivers == ["jo@kunde.example"] and sent.sender is not None and sent.sender.address == HELP
    assert sent.subject == f"Re: Heating is cold [#{ticket.number}]" and "1@letters.example" in sent.references
    assert "Try this." in sent.text and "Fernhill Help" in sent.text and "> It has been cold since Monday." in sent.text
    ticket.refresh_from_db()
    assert ticket.state == "waiting" and ticket.replied_at is not None
    _come(cast, box, _answer(2, mail, subject="Re: whatever", text="That did not help."))
    ticket.refresh_from_db()
    assert Ticket.objects.count() == 1 and ticket.state == "open"
    assert list(TicketEntry.objects.order_by("created_at").values_list("kind", flat=True)) == ["reply", "answer"]
    page = cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()
    assert "That did not help." in page and "sent to jo@kunde.example" in page and "by e-mail to jo@kunde.example" in page


def test_the_same_message_makes_one_ticket_however_often_it_comes(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """Twice in one mailbox, and first in a colleague's."""
    box, _queue = desk
    _jo(cast)
    own = cast.system.create(
        "mailbox", name="Ana", address="ana@fernhill.example", owner=cast.ana.pk, imap_host="imap.example.com", user_name="ana"
    )
    one = letter(1, to=f"{HELP}, ana@fernhill.example")
    deliver(cast.system, own, one)  # type: ignore[arg-type]
    assert Ticket.objects.count() == 0
    _come(cast, box, one)
    _come(cast, box, one)
    assert Ticket.objects.count() == 1 and Mail.objects.count() == 1


def test_a_stranger_opens_a_ticket_too_and_gets_the_receipt_once(
    cast: Cast, smtp: SmtpServer, desk: tuple[Mailbox, Queue]
) -> None:
    """Nobody who is written down wrote it; the reply goes to the address it came from, and the receipt says the number."""
    box, queue = desk
    cast.system.write(queue, receipt="Thank you, this is {{ticket.number}}.")
    _come(cast, box, letter(1, sender="new@stranger.example", to=HELP))
    ticket = Ticket.objects.get()
    assert ticket.person_id is None and ticket.customer_id is None
    receipt = OutgoingMail.objects.get(is_automatic=True)
    assert receipt.text == f"Thank you, this is {ticket.number}." and receipt.to[0]["address"] == "new@stranger.example"
    send_one(cast.home, receipt.pk, job_id=uuid4())
    assert b"Auto-Submitted: auto-" in smtp.taken[0].data
    mail = _reply(cast, ticket)
    assert mail is not None and mail.to == [{"address": "new@stranger.example", "name": ""}]
    _come(cast, box, _answer(2, mail, sender="new@stranger.example"))
    assert OutgoingMail.objects.filter(is_automatic=True).count() == 1, "an answer gets no second receipt"


def test_programs_open_no_ticket_and_get_no_answer(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """Out-of-office, delivery reports, lists, bulk: none opens or answers a ticket, and not one message goes back."""
    box, queue = desk
    cast.system.write(queue, receipt="Thank you.")
    _jo(cast)
    _come(cast, box, letter(1, to=HELP))
    ticket = Ticket.objects.get()
    mail = _reply(cast, ticket)
    assert mail is not None
    before = OutgoingMail.objects.count()
    _come(
        cast, box, _answer(2, mail, more={"Auto-Submitted": "auto-replied"}),
        letter(3, to=HELP, more={"Precedence": "bulk"}), letter(4, to=HELP, more={"List-Id": "<x.example>"}),
        letter(5, sender="MAILER-DAEMON@kunde.example", to=HELP, more={"Auto-Submitted": "auto-generated"}),
    )  # fmt: skip
    assert Ticket.objects.count() == 1 and TicketEntry.objects.filter(kind="answer").count() == 0
    assert OutgoingMail.objects.count() == before


def test_a_broken_message_never_stops_a_mailbox(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """The corpus of hostile and broken mail, into the mailbox of a queue: nothing raises, nothing automatic is answered."""
    box, queue = desk
    cast.system.write(queue, receipt="Thank you.")
    _come(cast, box, *all_of_it(120))
    taken = list(TicketMail.objects.filter(mail_id__isnull=False).values_list("mail_id", flat=True))
    assert taken and not Mail.objects.filter(pk__in=taken).exclude(automatic="").exists()
    assert Mail.objects.exclude(automatic="").exists()
    assert OutgoingMail.objects.count() <= len(taken)


def test_a_number_in_the_subject_counts_from_those_alone_who_belong_to_it(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """A customer who begins a new message is understood; a stranger who guesses a number opens a ticket of their own."""
    box, _queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP))
    ticket = Ticket.objects.get()
    _come(cast, box, letter(2, to=HELP, subject=f"About [#{ticket.number}]"))
    assert TicketEntry.objects.filter(ticket_id=ticket.pk, kind="answer").count() == 1
    _come(cast, box, letter(3, sender="x@stranger.example", to=HELP, subject=f"About [#{ticket.number}]"))
    assert Ticket.objects.count() == 2 and TicketEntry.objects.filter(ticket_id=ticket.pk).count() == 1


def test_whoever_was_passed_the_message_on_is_named_and_gets_no_reply(
    cast: Cast, smtp: SmtpServer, desk: tuple[Mailbox, Queue]
) -> None:
    """Their words are in the ticket with their address; the next reply goes to the customer all the same."""
    box, _queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP))
    ticket = Ticket.objects.get()
    mail = _reply(cast, ticket)
    assert mail is not None
    _come(cast, box, _answer(2, mail, sender="boss@elsewhere.example", text="Please hurry."))
    entry = TicketEntry.objects.get(kind="answer")
    assert "boss@elsewhere.example" in entry.body and "Please hurry." in plain(entry.body)
    again = _reply(cast, ticket, "We hurry.")
    assert again is not None and [one["address"] for one in [*again.to, *again.cc]] == ["jo@kunde.example"]


def test_what_lay_in_the_mailbox_before_stays_mail(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """Choosing a mailbox for a queue makes no ticket of the years in it; another queue cannot take it as well."""
    box, queue = desk
    _jo(cast)
    cast.system.write(queue, mailbox=None)
    queue.refresh_from_db()
    assert queue.mail_since is None
    cast.system.write(queue, mailbox=box.pk)
    _come(cast, box, letter(1, to=HELP))
    assert Ticket.objects.count() == 0 and Mail.objects.count() == 1
    with pytest.raises(Invalid, match="Another queue"):
        cast.system.create("queue", name="Second", mailbox=box.pk)


def test_a_reply_that_does_not_arrive_is_our_turn_again(cast: Cast, smtp: SmtpServer, desk: tuple[Mailbox, Queue]) -> None:
    """The server says no for good: the ticket no longer waits for the customer, and an internal note says why, once."""
    box, _queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP))
    ticket = Ticket.objects.get()
    smtp.answers["RCPT jo@kunde.example"] = "550 5.1.1 no such person"
    mail = _reply(cast, ticket)
    assert mail is not None and mail.state == "failed"
    ticket.refresh_from_db()
    note = TicketEntry.objects.get(kind="note")
    assert ticket.state == "open" and "jo@kunde.example" in note.body and "no such person" in note.body
    assert "not delivered to jo@kunde.example" in cast.client("ana").get(f"/ticket/{ticket.pk}").content.decode()


def test_a_reply_may_be_written_down_without_being_sent(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """And nothing is sent where the customer has no address."""
    box, queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP))
    assert _reply(cast, Ticket.objects.get(), only_note=True) is None
    silent = cast.system.create("ticket", subject="By phone", queue=queue.pk)
    assert isinstance(silent, Ticket) and _reply(cast, silent) is None
    assert TicketEntry.objects.filter(kind="reply").count() == 2


def test_an_answer_to_a_merged_ticket_goes_where_it_was_merged_into(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    box, _queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP), letter(2, to=HELP))
    first, second = Ticket.objects.order_by("number")
    mail = _reply(cast, first)
    assert mail is not None
    run_action(cast.ctx("ana"), first, "join", {"into": second.pk})
    _come(cast, box, _answer(3, mail))
    assert TicketEntry.objects.get(kind="answer").ticket_id == second.pk


def test_what_cannot_become_a_ticket_stays_mail_and_the_lead_hears_of_it(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """A field of the company's own that must be filled in cannot be filled in by a mail."""
    box, _queue = desk
    _jo(cast)
    cast.system.create("custom_field", label="Machine", on_type="ticket", kind="text", is_required=True)
    _come(cast, box, letter(1, to=HELP))
    assert Mail.objects.count() == 1 and Ticket.objects.count() == 0
    assert Notice.objects.filter(event="mail_left", user_id=cast.ana.pk).count() == 1
    assert not Change.objects.filter(workspace=cast.home, type="ticket").exists(), "the log knows nothing that was undone"


def test_files_and_the_message_itself_show_to_those_alone_who_see_the_mailbox(cast: Cast, desk: tuple[Mailbox, Queue]) -> None:
    """Ben's team has the mailbox; Ana runs the workspace and sees the ticket, but not the mail."""
    box, _queue = desk
    _jo(cast)
    _come(cast, box, letter(1, to=HELP, file=("boiler-plate.txt", b"made 1999")))
    ticket = Ticket.objects.get()
    cast.system.write(ticket, owner=cast.ben.pk)
    assert TicketMail.objects.count() == 1
    ben, ana = (cast.client(who).get(f"/ticket/{ticket.pk}").content.decode() for who in ("ben", "ana"))
    assert "boiler-plate.txt" in ben and "The message itself" in ben
    assert "boiler-plate.txt" not in ana and "The message itself" not in ana
