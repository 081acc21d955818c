"""Handing in: what a colleague copies or passes on becomes their mail; what anybody else sends there is left out."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.engines.mail.models import Mailbox, SeenMessage
from rapport.kernel.access.models import Account
from rapport.kernel.errors import Invalid
from rapport.modules.mail.models import Mail, MailSubject, MailText
from tests.cast import Cast
from tests.mail.letters import deliver, letter

FORWARDED = """For the file.

---------- Forwarded message ---------
From: Jo Kunde <jo@kunde.example>
Date: Mon, 2 Nov 2026 at 09:15
Subject: Heating
To: Ben Moore <ben@fernhill.example>

It drips again.
Jo
"""


def _mailbox(cast: Cast, **given: Any) -> Mailbox:
    values = {
        "name": "Hand in", "address": "in@post.example", "kind": "handed_in", "imap_host": "imap.example.com", "user_name": "in",
        "creates": "never", "owner": cast.ana.pk,
    }  # fmt: skip
    made = cast.system.create("mailbox", **{**values, **given})
    assert isinstance(made, Mailbox)
    return made


@pytest.fixture
def ben(cast: Cast) -> str:
    """The address Ben signs in with; Jo is written down."""
    cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])
    return str(Account.objects.get(pk=cast.ben.account_id).email)


def test_a_copy_by_bcc_is_the_mail_of_who_wrote_it(cast: Cast, ben: str) -> None:
    """Ben sees it with the customer; whoever set the mailbox up does not."""
    deliver(cast.system, _mailbox(cast), letter(1, sender=f"Ben <{ben}>", to="jo@kunde.example", subject="Offer"))
    (mail,) = Mail.objects.all()
    assert (mail.direction, mail.owner_id, mail.customer.name) == ("out", cast.ben.pk, "Jo Kunde")
    assert cast.client("ben").get(f"/mail/{mail.pk}").status_code == 200
    assert cast.client("ana").get(f"/mail/{mail.pk}").status_code == 404


@pytest.mark.parametrize("text", [FORWARDED, FORWARDED.replace("From:", "Von:").replace("To:", "An:").replace("\n", "\r\n"), ""])
def test_what_is_passed_on_is_kept_for_what_it_was(cast: Cast, ben: str, text: str) -> None:
    """Out of the head that mail programs write, in several languages, or the message that hangs on it."""
    more: dict[str, Any] = {"text": text or "See the message."}
    data = letter(2, sender=f"Ben <{ben}>", to="in@post.example", subject="Fwd: Heating", **more)
    if not text:
        inner = letter(7, sender="Jo Kunde <jo@kunde.example>", to=f"Ben <{ben}>", subject="Heating", text="It drips again.\nJo")
        head = (
            b"From: %s\r\nTo: in@post.example\r\nSubject: Fwd: Heating\r\nMessage-ID: <x@y.example>\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
            % ben.encode()
        )
        data = (
            head
            + b"--q\r\nContent-Type: text/plain\r\n\r\nSee\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n"
            + inner
            + b"\r\n--q--\r\n"
        )
    deliver(cast.system, _mailbox(cast), data)
    (mail,) = Mail.objects.all()
    assert (mail.direction, mail.owner_id, mail.sender, mail.sender_check) == ("in", cast.ben.pk, "jo@kunde.example", "")
    assert MailSubject.objects.get().subject == "Heating" and MailText.objects.get().text.strip() == "It drips again.\nJo"
    assert cast.client("ana").get(f"/mail/{mail.pk}").status_code == 404


def test_strangers_hand_nothing_in(cast: Cast, ben: str) -> None:
    """They are left out, with the reason; where a receiving server is named, so is a colleague it does not vouch for."""
    box = _mailbox(cast)
    deliver(
        cast.system,
        box,
        letter(1, sender="jo@kunde.example", to="in@post.example"),
        letter(2, sender="x@post.example", to="jo@kunde.example"),
    )
    assert set(SeenMessage.objects.values_list("outcome", "why")) == {("skipped", "stranger")}
    SeenMessage.objects.all().delete()
    cast.system.write(box, trusted_server="mx.post.example")
    letters = [
        letter(n, sender=ben, to="jo@kunde.example", more={"Authentication-Results": f"{server}; dmarc={verdict}"})
        for n, (server, verdict) in enumerate([("mx.post.example", "pass"), ("mx.post.example", "fail"), ("mx.evil.example", "pass")], start=3)
    ]  # fmt: skip
    deliver(cast.system, box, *letters, letter(9, sender=ben, to="jo@kunde.example"))
    assert sorted(SeenMessage.objects.values_list("outcome", flat=True)) == ["skipped", "skipped", "skipped", "stored"]
    assert set(SeenMessage.objects.filter(outcome="skipped").values_list("why", flat=True)) == {"unverified"}
    assert "does not vouch" in cast.client("ana").get(f"/settings/mailboxes/{box.pk}/ledger").content.decode()


def test_what_is_handed_in_is_shared_with_nobody_by_the_mailbox(cast: Cast) -> None:
    """Whoever sets it up may not open what others hand in, and nothing is sent through it."""
    with pytest.raises(Invalid, match="who took part"):
        _mailbox(cast, share="everything")
    from rapport.engines.mail.outbox import sends

    assert not sends(_mailbox(cast, smtp_host="smtp.example.com"))
