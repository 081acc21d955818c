"""Mail into tickets: what comes into the mailbox of a queue answers a ticket, or opens one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.mail.models import Mailbox
from rapport.engines.notices.writing import put_once
from rapport.kernel.changes.unit import part_of_work
from rapport.kernel.errors import RapportError
from rapport.modules.mail.arriving import Arrival, on_arrival
from rapport.modules.mail.models import Mail, MailPerson
from rapport.modules.mail.participants import companies_of
from rapport.modules.service.actions import hear
from rapport.modules.service.mail_out import NUMBER, send_receipt, visitor_address
from rapport.modules.service.mail_queues import note_message, queue_of
from rapport.modules.service.models import Queue, Ticket, TicketMail

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.service")
_LONGEST = 20_000


def claims(ctx: Context, mailbox: Mailbox) -> bool:
    """A mailbox that feeds a queue."""
    return mailbox.kind == "shared" and queue_of(ctx, mailbox.pk) is not None


def hears(ctx: Context, mailbox: Mailbox, arrivals: Sequence[Arrival]) -> None:
    """Take each message that a person wrote since the queue has its mailbox, once.

    What cannot become a ticket (a field of one's own that must be filled in) stays mail, and the lead of the queue is told.
    """
    queue = queue_of(ctx, mailbox.pk)
    if queue is None or queue.mail_since is None:
        return
    ids = [one.mail_id for one in arrivals]
    done = set(TicketMail.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=ids).values_list("mail_id", flat=True))
    for one in sorted(arrivals, key=lambda a: a.incoming.uid):
        at = one.incoming.received_at or one.incoming.message.sent_at
        if one.mail_id in done or one.incoming.message.automatic or at is None or at < queue.mail_since:
            continue
        done.add(one.mail_id)
        try:
            with part_of_work(ctx):
                _take(ctx, queue, mailbox, one)
        except RapportError as wrong:
            log.warning("A message could not become a ticket: %s", wrong.code)
            _tell_lead(ctx, queue, one)


def _take(ctx: Context, queue: Queue, mailbox: Mailbox, one: Arrival) -> None:
    with translation.override(ctx.workspace.language):
        found = _ticket_of(ctx, one)
        ticket, is_known = found if found is not None else (None, True)
        if ticket is None:
            _open(ctx, queue, mailbox, one)
        else:
            _answer(ctx, ticket, one, is_known=is_known)


def _open(ctx: Context, queue: Queue, mailbox: Mailbox, one: Arrival) -> None:
    """A ticket of its own."""
    message = one.incoming.message
    values: dict[str, object] = {
        "subject": message.subject[:200] or _("(no subject)"), "body": _text(one), "queue": queue.pk, "channel": "email",
        **_asker(ctx, one),
    }  # fmt: skip
    ticket = ctx.create("ticket", **values)
    assert isinstance(ticket, Ticket)
    _note(ctx, ticket, one)
    ctx.write(ticket, heard_at=ctx.format.now)
    send_receipt(ctx, queue, mailbox, ticket, message)


def _answer(ctx: Context, ticket: Ticket, one: Arrival, *, is_known: bool) -> None:
    """What is written in a ticket that is there; one that was closed too long ago makes a new one, as `hear` says."""
    text, sender = _text(one), one.incoming.message.sender
    if not is_known and sender is not None:
        text = _("From %(address)s, who was not part of this conversation before:") % {"address": sender.address} + "\n\n" + text
    person = one.sender.pk if one.sender is not None and one.sender.kind == "person" else None
    made = hear(ctx, ticket, body=text, person=person, files=None)
    if isinstance(made, Ticket):
        _note(ctx, made, one, is_known=is_known)
        return
    entry = ticket.entries.filter(kind="answer").order_by("-created_at", "-pk").first()  # type: ignore[attr-defined]
    _note(ctx, ticket, one, entry_id=entry.pk if entry is not None else None, is_known=is_known)


def _note(ctx: Context, ticket: Ticket, one: Arrival, **more: object) -> None:
    note_message(ctx, ticket, one.incoming.message.message_id, mail_id=one.mail_id, **more)


def _text(one: Arrival) -> str:
    """Its writer's own words, without what they quote."""
    message = one.incoming.message
    text = (message.fresh_text or message.text).replace("\0", "").strip()
    return text[:_LONGEST] or _("(without text)")


def _asker(ctx: Context, one: Arrival) -> dict[str, object]:
    """Who asks: a person with the company they work at, or a company."""
    if one.sender is None:
        return {}
    if one.sender.kind != "person":
        return {"customer": one.sender.pk}
    companies = companies_of(ctx, [one.sender.pk]).get(one.sender.pk, [])
    return {"person": one.sender.pk, "customer": companies[0] if len(companies) == 1 else one.sender.pk}


# -- to which ticket a message belongs -----------------------------------------------------------------------------------


def _ticket_of(ctx: Context, one: Arrival) -> tuple[Ticket, bool] | None:
    """The ticket a message answers, and whether its writer belongs to it.

    Whoever names the Message-ID of one of its messages has been sent that message, if only by somebody who passed it on. A
    number in the subject is no such proof: it counts from those alone who belong to the ticket already.
    """
    message = one.incoming.message
    rows = TicketMail.objects.filter(workspace_id=ctx.workspace.pk, message_id__in=message.references)
    latest = rows.order_by("-at", "-pk").first()
    if latest is not None:
        ticket = _living(ctx, latest.ticket_id)
        if ticket is not None:
            return ticket, _belongs(ctx, ticket, one)
    for found in NUMBER.finditer(message.subject):
        numbered = Ticket.objects.filter(workspace_id=ctx.workspace.pk, number=int(found[1]), deleted_at=None).first()
        ticket = _living(ctx, numbered.pk) if numbered is not None else None
        if ticket is not None and _belongs(ctx, ticket, one):
            return ticket, True
    return None


def _living(ctx: Context, ticket_id: object) -> Ticket | None:
    """A ticket that is not in the bin; in place of one that was merged, the one it was merged into."""
    for _step in range(20):
        ticket = Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk=ticket_id, deleted_at=None).first()
        if ticket is None or ticket.merged_into_id is None:
            return ticket
        ticket_id = ticket.merged_into_id
    return None


def _belongs(ctx: Context, ticket: Ticket, one: Arrival) -> bool:
    """Whether the writer is whom the ticket is about, works there, or took part in its messages."""
    address = one.incoming.message.sender.address if one.incoming.message.sender else ""
    if one.sender is not None:
        about = {ticket.person_id, ticket.customer_id}
        if one.sender.pk in about or about & set(companies_of(ctx, [one.sender.pk]).get(one.sender.pk, [])):
            return True
    if address and visitor_address(ctx, ticket).lower() == address:
        return True
    known = TicketMail.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, is_known=True, mail_id__isnull=False)
    ids = list(known.order_by("-at").values_list("mail_id", flat=True)[:200])
    wrote = Mail.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids, sender=address)
    took_part = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=ids, address=address, deleted_at=None)
    return bool(address) and (wrote.exists() or took_part.exists())


def _tell_lead(ctx: Context, queue: Queue, one: Arrival) -> None:
    """A message nobody would look for otherwise."""
    if queue.lead_id is not None:
        put_once(ctx.workspace, "mail_left", "queue", {queue.lead_id: [queue.pk]}, once=f"mail_left:{one.mail_id.hex}")


on_arrival(claims, hears)
