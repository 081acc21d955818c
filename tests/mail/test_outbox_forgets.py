"""The outbox forgets: words that stand in the story, erased people, old rows; and a restored copy sends nothing again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from uuid import uuid4

from django.utils import timezone

from rapport.engines.backup.settling import settle
from rapport.engines.mail.forgetting import forget_old
from rapport.engines.mail.laying_by import done_with_files
from rapport.engines.mail.models import BouncedAddress, Mailbox, OutgoingMail
from rapport.engines.mail.outbox import queue_mail
from rapport.engines.mail.sending import recover, send_one
from rapport.engines.privacy.erasing import erase_subject
from tests.cast import Cast
from tests.mail.smtp_server import SmtpServer

NewMailbox = Callable[..., Mailbox]


def _queued(cast: Cast, box: Mailbox) -> OutgoingMail:
    return queue_mail(cast.ctx("ana"), box, to=["Jo@Kunde.example"], subject="x", text="Words.", undo_seconds=0)


def test_a_restored_copy_sends_nothing_by_itself(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """What waited at the time of the backup may have gone since: its writer says what becomes of it."""
    mail = _queued(cast, sending_mailbox("ana"))
    assert any("1 e-mails that waited" in line for line in settle())
    recover(cast.home, timezone.now() + dt.timedelta(days=1))
    assert send_one(cast.home, mail.pk, job_id=uuid4()) in ("", "uncertain") and not smtp.taken
    assert "restored from a backup" in cast.client("ana").get("/outbox").content.decode()


def test_an_erased_person_is_in_no_outbox(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Neither what was sent to them nor what waits, nor that their address did not work."""
    emails = [{"value": "jo@kunde.example", "label": ""}]
    jo = cast.system.create("customer", kind="person", name="Jo Kunde", emails=emails)
    box = sending_mailbox("ana")
    _queued(cast, box)
    send_one(cast.home, _queued(cast, box).pk, job_id=uuid4())
    BouncedAddress.objects.create(workspace_id=cast.home.pk, address="jo@kunde.example", at=timezone.now())
    erase_subject(cast.ctx("ana"), jo, reason="asked")
    assert not OutgoingMail.objects.exists() and not BouncedAddress.objects.exists()


def test_what_was_sent_keeps_its_words_once_and_leaves_after_a_month(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox
) -> None:
    """The story has the words; what waits stays as long as it waits."""
    cast.system.create("customer", kind="person", name="Jo", emails=[{"value": "jo@kunde.example", "label": ""}])
    box = sending_mailbox("ana")
    sent, waiting = _queued(cast, box), _queued(cast, box)
    send_one(cast.home, sent.pk, job_id=uuid4())
    done_with_files(cast.home, sent.pk)
    sent.refresh_from_db()
    assert (sent.state, sent.text, sent.html) == ("sent", "", "")
    assert forget_old(cast.home.pk, timezone.now() + dt.timedelta(days=29)) == 0
    assert forget_old(cast.home.pk, timezone.now() + dt.timedelta(days=31)) == 1
    assert OutgoingMail.objects.get().pk == waiting.pk
