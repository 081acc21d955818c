"""What comes back: reports find their message, the writer hears of it, and an answer that is one stops the reminder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import unescape
from uuid import uuid4

import pytest
from django.utils import timezone

from rapport.engines.mail import bounces
from rapport.engines.mail.models import BouncedAddress, Mailbox, OutgoingMail
from rapport.engines.mail.outbox import queue_mail
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.reminding import remind_due
from rapport.engines.mail.sending import send_one
from rapport.engines.notices.models import Notice
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.mail.conftest import mailbox_for, read
from tests.mail.corpus import bounce
from tests.mail.dovecot import Dovecot
from tests.mail.letters import deliver, letter
from tests.mail.smtp_server import SmtpServer

NewMailbox = Callable[..., Mailbox]
GONE = "gone@kunde.example"


def _sent(cast: Cast, box: Mailbox, to: str = GONE, **given: object) -> OutgoingMail:
    mail = queue_mail(cast.ctx("ana"), box, to=[to], subject="Offer", text="Please.", undo_seconds=0, **given)  # type: ignore[arg-type]
    send_one(cast.home, mail.pk, job_id=uuid4())
    mail.refresh_from_db()
    assert mail.state == "sent", mail.said
    return mail


def _report(mail: OutgoingMail, status: bytes = b"5.1.1", action: bytes = b"failed") -> bytes:
    return bounce(1, status, action, f"<{mail.message_id}>".encode())


def test_a_report_in_the_mailbox_finds_its_message(
    cast: Cast, smtp: SmtpServer, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from a real mailbox: not delivered, the writer has a notice, the form warns; an answer from there clears it."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    cast.system.create("customer", kind="person", name="Gone", emails=[{"value": GONE, "label": ""}])
    box = mailbox_for(cast, dovecot, "ana", smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_security="none")
    mail = _sent(cast, box)
    dovecot.put(box.user_name, [_report(mail, b"4.4.1", b"delayed")])
    read(cast, box)
    mail.refresh_from_db()
    assert (mail.problem, mail.bounced) == ("delayed", "4.4.1") and not BouncedAddress.objects.exists()
    dovecot.put(box.user_name, [_report(mail)])
    read(cast, box)
    mail.refresh_from_db()
    assert (mail.problem, mail.bounced, mail.state) == ("bounced", "5.1.1", "sent")
    assert set(Notice.objects.filter(user_id=cast.ana.pk).values_list("event", flat=True)) == {"delayed", "bounced"}
    ana = cast.client("ana")
    assert "could not be delivered" in ana.get("/notices").content.decode()
    assert "no such user" in unescape(ana.get("/outbox").content.decode())
    assert f"Mail to {GONE} could not be delivered" in ana.get(f"/write?to={GONE}").content.decode()
    dovecot.put(box.user_name, [letter(5, sender=GONE, more={"Auto-Submitted": "auto-replied"})])
    read(cast, box)
    assert BouncedAddress.objects.count() == 1, "a robot proves nothing"
    dovecot.put(box.user_name, [letter(6, sender=GONE)])
    read(cast, box)
    assert not BouncedAddress.objects.exists()


def test_reports_about_what_is_not_ours_change_nothing(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Another mailbox, another Message-ID, somebody it never went to: no word of them counts."""
    ana, ben = sending_mailbox("ana"), sending_mailbox("ben")
    mail = _sent(cast, ana)
    other = _sent(cast, ana, to="jo@kunde.example")
    for box, data in ((ben, _report(mail)), (ana, bounce(1)), (ana, _report(other))):
        bounces.take_note(cast.system, box, [(read_message(data), False)])
    mail.refresh_from_db()
    assert not mail.bounced and not BouncedAddress.objects.exists()


def test_what_was_uncertain_is_settled_by_the_folder_of_sent_mail_or_a_report(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox
) -> None:
    """It lies among what was sent, or a server reports on it: then it went out."""
    box = sending_mailbox("ana")
    smtp.answers = {"END": ""}
    for is_sent in (True, False):
        mail = queue_mail(cast.ctx("ana"), box, to=[GONE], subject="x", text="y", undo_seconds=0)
        send_one(cast.home, mail.pk, job_id=uuid4())
        mail.refresh_from_db()
        assert mail.state == "uncertain" and Notice.objects.filter(event="unsent", user_id=cast.ana.pk).exists()
        data = smtp.arrived[-1] if is_sent else _report(mail, b"2.0.0", b"delivered")
        bounces.take_note(cast.system, box, [(read_message(data), is_sent)])
        mail.refresh_from_db()
        assert mail.state == "sent"


@pytest.mark.parametrize(("sender", "more", "is_answered"), [
    ("jo@kunde.example", {}, True), ("jo@kunde.example", {"Auto-Submitted": "auto-replied"}, False),
    ("someone@kunde.example", {}, False), (None, {}, False),
])  # fmt: skip
def test_the_writer_is_reminded_unless_a_receiver_answered(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, sender: str | None, more: dict[str, str], is_answered: bool
) -> None:
    """Out of office is no answer; the task tells colleagues nothing of a private message, and comes once."""
    for name in ("jo", "someone"):
        cast.system.create("customer", kind="person", name=name, emails=[{"value": f"{name}@kunde.example", "label": ""}])
    box = sending_mailbox("ana")
    mail = _sent(cast, box, to="jo@kunde.example", remind_at=timezone.now() + dt.timedelta(days=3))
    if sender:
        head = f"In-Reply-To: <{mail.message_id}>\r\n".encode()
        when = {"Date": timezone.now().strftime("%a, %d %b %Y %H:%M:%S +0000")}
        data = letter(9, sender=sender, more=more).replace(b"Date: ", b"X-Date: ")
        deliver(cast.system, box, head + f"Date: {when['Date']}\r\n".encode() + data)
    remind_due(cast.home, timezone.now() + dt.timedelta(days=2))
    task = registry.get("task").model
    assert not task.objects.exists()
    for _again in range(2):
        remind_due(cast.home, timezone.now() + dt.timedelta(days=4))
    found = list(task.objects.all())
    assert len(found) == (0 if is_answered else 1)
    if found:
        assert found[0].owner_id == cast.ana.pk and "Offer" not in found[0].subject and found[0].customer_id is None
        assert cast.client("ana").get(f"/task/{found[0].pk}").status_code == 200
