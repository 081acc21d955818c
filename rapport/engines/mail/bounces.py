"""What comes back: delivery reports find the message they are about, its writer hears of it, the address is remembered.

Only reports that lie in the mailbox a message went out from count, about a Message-ID of ours and a receiver it had: what
anybody else writes about a message nobody else knows of changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils import timezone

from rapport.engines.mail.models import BouncedAddress, Mailbox, OutgoingMail
from rapport.engines.mail.outbox import tell
from rapport.engines.mail.reading import Message
from rapport.engines.mail.reading.message import Report
from rapport.engines.mail.writing import receivers_of
from rapport.engines.notices.writing import put_once

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Codes in `problem` of a message that was sent.
BOUNCED, DELAYED = "bounced", "delayed"


def take_note(ctx: Context, mailbox: Mailbox, messages: Iterable[tuple[Message, bool]]) -> None:
    """Look through messages of a mailbox, each with whether it lies among what was sent; in the step's transaction."""
    some = list(messages)
    abouts = {one.about for message, _is_sent in some for one in message.reports if one.about}
    sent = {message.message_id for message, is_sent in some if is_sent}
    ours = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk, message_id__in=abouts | sent)
    by_id = {one.message_id: one for one in ours} if abouts or sent else {}
    for message, is_sent in some:
        if is_sent and (mail := by_id.get(message.message_id)) is not None and mail.state == OutgoingMail.UNCERTAIN:
            _went_out(ctx, mail)
        for report in message.reports:
            if (mail := by_id.get(report.about)) is not None and report.address in receivers_of(mail):
                _note(ctx, mail, report)
    _answered(ctx, some)


def _went_out(ctx: Context, mail: OutgoingMail) -> None:
    """A message of which nobody knew was taken after all: it lies among what was sent, or a server reports on it."""
    rows = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.pk, state=OutgoingMail.UNCERTAIN)
    if rows.update(state=OutgoingMail.SENT, sent_at=mail.handed_at or timezone.now(), problem="", said=""):
        mail.refresh_from_db()
        tell(ctx, mail)


def _note(ctx: Context, mail: OutgoingMail, report: Report) -> None:
    if mail.state == OutgoingMail.UNCERTAIN:
        _went_out(ctx, mail)
    if report.action in ("delivered", "relayed", "expanded"):
        if report.action == "delivered":
            BouncedAddress.objects.filter(workspace_id=ctx.workspace.pk, address=report.address).delete()
        return
    is_final = report.action != "delayed" and not (report.status.startswith("4.") and report.action not in ("failed",))
    if not is_final and mail.problem == BOUNCED:
        return  # an older report
    text = f"{report.address}: {report.said}".strip(": ")[:500]
    rows = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.pk)
    status = report.status or ("5.0.0" if is_final else "4.0.0")
    rows.update(problem=BOUNCED if is_final else DELAYED, bounced=status, bounce_text=text)
    mail.refresh_from_db()
    if is_final:
        BouncedAddress.objects.update_or_create(
            workspace_id=ctx.workspace.pk, address=report.address, defaults={"status": status, "text": text, "at": timezone.now()}
        )
    tell(ctx, mail)
    tell_writer(ctx, mail, "bounced" if is_final else "delayed")


def tell_writer(ctx: Context, mail: OutgoingMail, event: str) -> None:
    """A notice for whoever wrote it, once for each thing that happened to it."""
    if mail.writer_id is None:
        return
    about = ("mail", mail.record_id) if mail.record_id and event != "unsent" else ("mailbox", mail.mailbox_id)
    once = f"{event}:{mail.pk.hex}:{mail.attempts if event == 'unsent' else ''}"[:60]
    put_once(ctx.workspace, event, about[0], {mail.writer_id: [about[1]]}, once=once)


def _answered(ctx: Context, some: list[tuple[Message, bool]]) -> None:
    """Whoever writes to us has an address that works; a program that answers for it proves less, and clears nothing."""
    wrote = {m.sender.address for m, is_sent in some if m.sender is not None and not m.automatic and not is_sent}
    if wrote:
        BouncedAddress.objects.filter(workspace_id=ctx.workspace.pk, address__in=wrote).delete()
