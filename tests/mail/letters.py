"""Letters as people write them, for tests that need ordinary mail."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from rapport.engines.mail.models import Mailbox, SeenMessage
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.taking import Incoming, taker
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context

START = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


def letter(
    number: int, *, sender: str = "Jo Kunde <jo@kunde.example>", to: str = "Ana Silva <ana@fernhill.example>", cc: str = "",
    subject: str = "", text: str = "", html: str = "", answers: str = "", file: tuple[str, bytes] | None = None, more: dict[str, str] | None = None,
) -> bytes:  # fmt: skip
    """One message; its Message-ID is <number@letters.example>."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject or f"Letter {number}"
    if cc:
        made["Cc"] = cc
    made["Date"] = format_datetime(START + dt.timedelta(minutes=number))
    made["Message-ID"] = f"<{number}@letters.example>"
    if answers:
        made["In-Reply-To"] = made["References"] = f"<{answers}@letters.example>"
    for name, value in (more or {}).items():
        made[name] = value
    made.set_content(text or f"Words of letter {number}.")
    if html:
        made.add_alternative(html, subtype="html")
    if file:
        made.add_attachment(file[1], maintype="application", subtype="octet-stream", filename=file[0])
    return made.as_bytes()


def deliver(ctx: Context, mailbox: Mailbox, *letters: bytes) -> list[UUID | None]:
    """Hand letters to whoever keeps them, as a step of reading a mailbox does, without a server."""
    keeper = taker()
    assert keeper is not None
    first = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk).count() + 1
    incoming = [Incoming("INBOX", at, read_message(one), None, is_sent=False) for at, one in enumerate(letters, start=first)]
    keeper.prepare(ctx, mailbox, incoming)
    with unit_of_work(ctx):
        keeper.store(ctx, mailbox, [one for one in incoming if not one.outcome])
        for one in incoming:
            SeenMessage.objects.create(
                workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk, folder=one.folder, uidvalidity=1, uid=one.uid,
                message_id=one.message.message_id, size=one.message.size, outcome=one.outcome, why=one.why,
                record_id=one.record_id, seen_at=ctx.format.now,
            )  # fmt: skip
    return [one.record_id for one in incoming]
