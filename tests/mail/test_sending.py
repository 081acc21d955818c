"""Sending through a real server: once, whole, whatever happens on the way; and what is sent stands in the story at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from rapport.engines.mail import outbox, sending
from rapport.engines.mail.models import Mailbox, OutgoingMail, SeenMessage
from rapport.engines.mail.outbox import queue_mail, send_again, take_back
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.sending import recover, send_one
from rapport.kernel.errors import Conflict, Invalid, Refused
from rapport.kernel.jobs.models import Job
from rapport.modules.mail.models import Mail, MailText
from tests.cast import Cast
from tests.mail.conftest import mailbox_for, read
from tests.mail.dovecot import Dovecot
from tests.mail.smtp_server import SmtpServer

NewMailbox = Callable[..., Mailbox]
JOB = uuid4()


def _queued(cast: Cast, box: Mailbox, **given: Any) -> OutgoingMail:
    values: dict[str, Any] = {
        "to": ["Jo Kunde <jo@kunde.example>"],
        "subject": "Your heating",
        "text": "Good morning,\nit is done.",
    }
    return queue_mail(cast.ctx("ana"), box, **{**values, "undo_seconds": 0, **given})


def _sent(cast: Cast, mail: OutgoingMail, job: object = JOB) -> OutgoingMail:
    send_one(cast.home, mail.pk, job_id=job)  # type: ignore[arg-type]
    mail.refresh_from_db()
    return mail


def _person(cast: Cast) -> Any:
    return cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])


def test_a_message_goes_out_and_stands_in_the_story_at_once(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Signed in, to everybody, Bcc unseen by receivers; the record is there when the state says sent."""
    jo, box = _person(cast), sending_mailbox("ana", sender_name="Ana Silva, Fernhill")
    mail = _queued(
        cast,
        box,
        cc=["ben@fernhill.example"],
        bcc=["dara@else.example"],
        in_reply_to="<1@a.example>",
        references=["0@a.example", "1@a.example"],
    )
    assert _sent(cast, mail).state == "sent", mail.said
    (taken,) = smtp.taken
    assert taken.user == "ana" and taken.receivers == ["jo@kunde.example", "ben@fernhill.example", "dara@else.example"]
    got = read_message(taken.data)
    assert (got.sender.address, got.sender.name) == ("ana@fernhill.example", "Ana Silva, Fernhill")  # type: ignore[union-attr]
    assert got.message_id == mail.message_id and got.message_id.endswith("@fernhill.example")
    assert got.references == ["0@a.example", "1@a.example"] and b"dara@" not in taken.data and not got.automatic
    assert "it is done." in got.text and "it is done.<br>" in got.html
    record = Mail.objects.get(pk=mail.record_id)
    assert (record.direction, record.customer_id, record.owner_id) == ("out", jo.pk, cast.ana.pk)
    assert b"dara@" not in MailText.objects.get(mail=record).receivers.encode()
    assert "Your heating" in cast.client("ana").get(f"/mail/{record.pk}").content.decode()
    assert cast.client("cem").get(f"/mail/{record.pk}").status_code == 404


@pytest.mark.parametrize("answers", [{"MAIL": "451 later"}, {"RCPT": ""}, {"DATA": "421 bye"}, {"END": "452 full"}])
def test_what_is_refused_for_now_is_tried_again_and_goes_once(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, answers: dict[str, str]
) -> None:
    """It waits, says what the server said, and goes when the server is well; for a day, then it fails."""
    mail = _queued(cast, sending_mailbox("ana"))
    smtp.answers = answers
    first = _sent(cast, mail)
    assert (first.state, smtp.taken) == ("waiting", []) and first.send_at > timezone.now()
    smtp.answers = {}
    assert _sent(cast, mail).state == "waiting", "not before its time"
    OutgoingMail.objects.update(send_at=timezone.now())
    assert _sent(cast, mail).state == "sent"
    assert len(smtp.taken) == 1 and _sent(cast, mail).state == "sent" and len(smtp.taken) == 1
    smtp.answers = {"MAIL": "451 later"}
    other = _queued(cast, Mailbox.objects.get())
    OutgoingMail.objects.filter(pk=other.pk).update(attempts=len(sending.PAUSES))
    assert _sent(cast, other).state == "failed" and sum(sending.PAUSES) >= 23 * 60


@pytest.mark.parametrize("answers", [{"MAIL": "550 no"}, {"RCPT jo@kunde.example": "550 5.1.1 nobody here"}, {"END": "554 spam"}])
def test_what_is_refused_for_good_fails_with_the_words_of_the_server(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, answers: dict[str, str]
) -> None:
    """And can be sent again by hand."""
    mail = _queued(cast, sending_mailbox("ana"))
    smtp.answers = answers
    assert _sent(cast, mail).state == "failed" and next(iter(answers.values()))[4:] in mail.said and not smtp.taken
    smtp.answers = {}
    send_again(cast.ctx("ana"), mail)
    assert _sent(cast, mail).state == "sent" and len(smtp.taken) == 1


class Killed(BaseException):
    """As a kill: nothing catches it."""


@pytest.mark.parametrize(
    ("name", "after", "state", "arrived"),
    [
        ("_claimed", True, "sent", 1), ("smtp_server_of", True, "sent", 1), ("_handed", False, "sent", 1),
        ("_handed", True, "uncertain", 0), ("_sent", False, "uncertain", 1), ("_prepared", True, "uncertain", 1),
        ("_store", True, "uncertain", 1), ("_sent", True, "sent", 1),
    ],
)  # fmt: skip
def test_a_killed_sender_loses_and_doubles_nothing(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, monkeypatch: pytest.MonkeyPatch, name: str, after: bool,
    state: str, arrived: int,
) -> None:  # fmt: skip
    """Cut off before the last line it goes out the next time; after it, nobody sends it again by himself."""
    _person(cast)
    mail = _queued(cast, sending_mailbox("ana"))
    real = getattr(sending, name)

    def cut(*args: Any, **more: Any) -> Any:
        if not after:
            raise Killed
        real(*args, **more)
        raise Killed

    monkeypatch.setattr(sending, name, cut)
    with pytest.raises(Killed):
        send_one(cast.home, mail.pk, job_id=JOB)
    monkeypatch.setattr(sending, name, real)
    for _again in range(3):
        _sent(cast, mail)
    assert (mail.state, len(smtp.arrived)) == (state, arrived)
    assert Mail.objects.count() == (1 if state == "sent" else 0)


def test_no_answer_to_the_last_line_is_uncertain_and_another_worker_cannot_send_it_twice(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox
) -> None:
    """The server hangs up after the message; and a worker that lost its message stops before the last line."""
    box = sending_mailbox("ana")
    mail = _queued(cast, box)
    smtp.answers = {"END": ""}
    assert _sent(cast, mail).state == "uncertain" and len(smtp.arrived) == 1
    recover(cast.home, timezone.now() + dt.timedelta(days=1))
    assert _sent(cast, mail).state == "uncertain" and len(smtp.arrived) == 1
    smtp.answers = {}
    slow = _queued(cast, box)
    # While the slow one speaks, its lease runs out and another takes the message over.
    smtp.before["RCPT"] = lambda: None
    real = sending._handed

    def overtaken(ctx: Any, one: OutgoingMail) -> None:
        OutgoingMail.objects.filter(pk=one.pk).update(
            claimed_at=timezone.now() - dt.timedelta(hours=1), send_at=timezone.now() - dt.timedelta(hours=1)
        )
        assert recover(cast.home) == 1
        real(ctx, one)

    sending._handed = overtaken  # type: ignore[assignment]
    try:
        send_one(cast.home, slow.pk, job_id=JOB)
    finally:
        sending._handed = real  # type: ignore[assignment]
    slow.refresh_from_db()
    assert slow.state == "waiting" and len(smtp.arrived) == 1
    assert _sent(cast, slow, uuid4()).state == "sent" and len(smtp.arrived) == 2


def test_the_copy_in_the_folder_of_sent_mail_is_laid_once_and_joins(
    cast: Cast, smtp: SmtpServer, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail programs show it, and reading the mailbox makes no second record of it."""
    _person(cast)
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    box = mailbox_for(cast, dovecot, "ana", smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_security="none")
    mail = _queued(cast, box, text="Grüße\n\n.dot\n> quoted\nEnd", bcc=["dara@else.example"])
    assert _sent(cast, mail).state == "sent"
    from rapport.engines.mail.laying_by import lay_by

    assert lay_by(cast.home, mail.pk) and lay_by(cast.home, mail.pk)
    client = dovecot.client(box.user_name)
    client.select("Sent", readonly=True)
    assert client.search(None, "SEEN")[1] == [b"1"]
    client.logout()
    read(cast, box)
    assert Mail.objects.count() == 1
    assert set(SeenMessage.objects.values_list("folder", "outcome")) == {(sending.OUTBOX, "stored"), ("Sent", "joined")}


def test_only_whose_mailbox_it_is_sends_through_it(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """No role reaches into a personal mailbox; a shared one is its team's; a mailbox without a server only reads."""
    bens = sending_mailbox("ben")
    with pytest.raises(Refused):
        _queued(cast, bens)
    shared = sending_mailbox("ana", kind="shared", team=cast.ben.team_id, owner=None, address="sales@fernhill.example")
    assert queue_mail(cast.ctx("ben"), shared, to=["jo@kunde.example"], subject="x", text="y").state == "waiting"
    with pytest.raises(Refused):
        queue_mail(cast.ctx("cem"), shared, to=["jo@kunde.example"], subject="x", text="y")
    with pytest.raises(Invalid, match="only reads"):
        _queued(cast, sending_mailbox("ana", smtp_host=""))
    gone = queue_mail(cast.ctx("ben"), bens, to=["jo@kunde.example"], subject="x", text="y", undo_seconds=0)
    cast.system.write(cast.ben, is_active=False)
    assert _sent(cast, gone).problem == "not_allowed" and not smtp.taken


def test_nothing_typed_breaks_out_of_a_header(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """New lines in subject, names and ids end nothing; what is no address is refused in a sentence."""
    box = sending_mailbox("ana", sender_name="Ana")
    evil = "x\r\nBcc: evil@x.example\r\n\r\nBody"
    mail = _queued(
        cast, box, to=[{"address": "jo@kunde.example", "name": evil}], subject=evil, in_reply_to=evil, references=[evil]
    )
    assert _sent(cast, mail).state == "sent"
    head = smtp.taken[0].data.partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc:" not in head and smtp.taken[0].receivers == ["jo@kunde.example"]
    for wrong in ("", "jo", "jo@kunde.example\r\nRCPT TO:<x@y.example>", "a b@c.example"):
        with pytest.raises(Invalid):
            _queued(cast, box, to=[wrong])
    with pytest.raises(Invalid, match="50"):
        _queued(cast, box, to=[f"a{n}@b.example" for n in range(51)])


def test_while_it_waits_it_can_be_taken_back_and_listeners_hear_every_step(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back it never goes; whoever asked hears of each state, in order."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(outbox, "_heard", [lambda ctx, one: heard.append((one.about_type, one.state))])
    box = sending_mailbox("ana")
    back = _queued(cast, box, undo_seconds=10)
    assert back.send_at > timezone.now() + dt.timedelta(seconds=8)
    assert Job.objects.filter(task="mail.send", run_after=back.send_at).count() == 1
    take_back(cast.ctx("ana"), back)
    OutgoingMail.objects.update(send_at=timezone.now())
    assert _sent(cast, back).state == "taken_back" and not smtp.taken
    jo = _person(cast)
    mail = _queued(cast, box, about=jo)
    _sent(cast, mail)
    with pytest.raises(Conflict):
        take_back(cast.ctx("ana"), mail)
    with pytest.raises(Refused):
        take_back(cast.ctx("ben"), mail)
    assert heard == [("", "waiting"), ("", "taken_back"), ("customer", "waiting"), ("customer", "sending"), ("customer", "sent")]


def test_a_wrong_password_fails_and_a_secret_goes_to_no_other_server(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox
) -> None:
    """The sentence says what to do; another outgoing server asks for the password again."""
    from rapport.engines.mail.models import MailboxState
    from rapport.engines.mail.secrets import seal

    box = sending_mailbox("ana")
    MailboxState.objects.update(secret=seal("wrong"))
    mail = _sent(cast, _queued(cast, box))
    assert (mail.state, mail.problem) == ("failed", "password") and "535" in mail.said
    cast.ctx("ana").write(box, smtp_host="localhost")
    assert MailboxState.objects.get().secret == ""
