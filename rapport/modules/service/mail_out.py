"""Replies out of tickets by mail, and the receipt for a ticket that was opened by one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from rapport.engines.livechat.talking import talk_in
from rapport.engines.mail.answering import may_answer_automatically, may_write_automatically
from rapport.engines.mail.bounces import BOUNCED
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.outbox import on_outgoing, queue_mail, sends
from rapport.engines.mail.reading import Address, Message
from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.mentions import plain
from rapport.modules.customers.models import Customer
from rapport.modules.mail.models import Mail, MailPerson
from rapport.modules.service.files import Facts
from rapport.modules.service.mail_queues import mailbox_of, mark_lost, note_message
from rapport.modules.service.models import Queue, Ticket, TicketEntry, TicketMail
from rapport.modules.service.placeholders import filled
from rapport.modules.service.replies import words_of

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: A ticket's number as it stands in a subject: [#1042].
NUMBER = re.compile(r"\[#(\d{1,12})\]")
_MOST_OTHERS = 10
_QUOTED_LINES = 60


@dataclass(frozen=True)
class Route:
    """How a reply leaves: through which mailbox, to whom, in answer to what."""

    mailbox: Mailbox
    to: str
    cc: tuple[str, ...] = ()
    answers: TicketMail | None = None


def route_of(ctx: Context, ticket: Ticket) -> Route | None:
    """Where a reply goes by mail; None when its queue does not send, or nobody's address is known.

    It goes to whoever wrote last among those who belong to the ticket, with the people they wrote to as well; else to the
    first address of the person who asked. Read by the system: whoever may reply to a ticket may know where the reply goes.
    """
    mailbox = mailbox_of(ctx, ticket.queue_id)
    if mailbox is None or not sends(mailbox):
        return None
    came = TicketMail.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, mail_id__isnull=False, is_known=True)
    last = came.order_by("-at", "-pk").first()
    mail = Mail.objects.filter(workspace_id=ctx.workspace.pk, pk=last.mail_id, deleted_at=None).first() if last else None
    if mail is not None and mail.sender:
        return Route(mailbox, mail.sender, _others(ctx, mail, mailbox), last)
    address = visitor_address(ctx, ticket) or _address_of(ctx, ticket)
    return Route(mailbox, address) if address else None


def _others(ctx: Context, mail: Mail, mailbox: Mailbox) -> tuple[str, ...]:
    """The people we know whom a message went to besides us."""
    rows = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id=mail.pk, part__in=("to", "cc"), deleted_at=None)
    found = dict.fromkeys(rows.order_by("pk").values_list("address", flat=True)[: _MOST_OTHERS + 2])
    return tuple(one for one in found if one and one not in (mail.sender, mailbox.address.lower()))[:_MOST_OTHERS]


def visitor_address(ctx: Context, ticket: Ticket) -> str:
    """What the visitor of a chat gave as theirs; "" for tickets that came otherwise."""
    talk = talk_in(ctx.workspace.pk, "ticket", ticket.pk) if ticket.channel == "chat" else None
    return talk.email if talk is not None else ""


def _address_of(ctx: Context, ticket: Ticket) -> str:
    """The first address of the person who asked, or of the customer."""
    people = Customer.objects.filter(
        workspace_id=ctx.workspace.pk, deleted_at=None, pk__in={ticket.person_id, ticket.customer_id} - {None}
    )
    emails = {one.pk: one.emails for one in people}
    for pk in (ticket.person_id, ticket.customer_id):
        for one in emails.get(pk) or []:  # type: ignore[call-overload]
            return str(one["value"])
    return ""


def send_reply(ctx: Context, ticket: Ticket, entry: TicketEntry, files: Sequence[Facts] = ()) -> OutgoingMail | None:
    """Have a reply sent after ten seconds with its files, in the transaction that writes it down; None where there is no way
    by mail."""
    route = route_of(ctx, ticket)
    if route is None:
        return None
    answered = route.answers.message_id if route.answers is not None else ""
    before = TicketMail.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk).order_by("at", "pk")
    references = [one for one in before.values_list("message_id", flat=True)[:50] if one != answered]
    mail = queue_mail(
        ctx, route.mailbox, to=[route.to], cc=route.cc, subject=subject_of(ticket), text=_letter(ctx, ticket, entry, route),
        in_reply_to=answered, references=[*references, answered] if answered else references, about=ticket,
        as_system=True, is_automatic=False, files=files,
    )  # fmt: skip
    note_message(ctx, ticket, mail.message_id, outgoing_id=mail.pk, entry_id=entry.pk)
    return mail


def send_receipt(ctx: Context, queue: Queue, mailbox: Mailbox, ticket: Ticket, message: Message) -> None:
    """Tell whoever opened a ticket by mail that it came, once; never an answer to a program."""
    if message.sender is not None and may_answer_automatically(ctx, message):
        answers = {"in_reply_to": message.message_id, "references": [*message.references, message.message_id]}
        _send_receipt(ctx, queue, mailbox, ticket, message.sender, answers)


def send_receipt_to(ctx: Context, queue: Queue, ticket: Ticket, address: str) -> None:
    """The same for a ticket that came another way, to an address whose owner has confirmed it."""
    mailbox = mailbox_of(ctx, queue.pk)
    if mailbox is not None and may_write_automatically(ctx, address):
        _send_receipt(ctx, queue, mailbox, ticket, address, {})


def _send_receipt(
    ctx: Context, queue: Queue, mailbox: Mailbox, ticket: Ticket, to: Address | str, answers: Mapping[str, Any]
) -> None:
    if not queue.receipt.strip() or not sends(mailbox):
        return
    try:
        mail = queue_mail(
            ctx, mailbox, to=[to], subject=subject_of(ticket), text=filled(queue.receipt, words_of(ctx, ticket)),
            about=ticket, undo_seconds=0, as_system=True, **answers,
        )  # fmt: skip
    except Invalid:  # an address that takes no mail; the ticket is there all the same
        return
    note_message(ctx, ticket, mail.message_id, outgoing_id=mail.pk)


def subject_of(ticket: Ticket) -> str:
    """The subject of a reply, with the number by which an answer finds its ticket again."""
    bare = NUMBER.sub("", ticket.subject).strip()
    bare = re.sub(r"^(?:(?:re|aw|wg|fw|fwd|rv|tr|sv|antw)\s*:\s*)+", "", bare, flags=re.IGNORECASE)
    return f"Re: {bare} [#{ticket.number}]"


def _letter(ctx: Context, ticket: Ticket, entry: TicketEntry, route: Route) -> str:
    """What is sent: the reply, the signature of the mailbox, and what it answers."""
    parts = [plain(entry.body).strip()]
    if route.mailbox.signature.strip():
        parts.append("-- \n" + route.mailbox.signature.strip())
    heard = _last_heard(ctx, ticket)
    if heard is not None:
        day, lines = heard[0].astimezone(ctx.format.zone), heard[1].strip().splitlines()[:_QUOTED_LINES]
        when = f"{shown_as.date(day.date(), ctx.format)}, {shown_as.clock(day.time(), ctx.format)}"
        parts.append("\n".join([_("On %(when)s you wrote:") % {"when": when}, *(f"> {one}" for one in lines)]))
    return "\n\n".join(parts)


def _last_heard(ctx: Context, ticket: Ticket) -> tuple[dt.datetime, str] | None:
    rows = TicketEntry.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, kind="answer", deleted_at=None)
    last = rows.order_by("-at", "-pk").first()
    if last is not None:
        return last.at or last.created_at, plain(last.body)
    return (ticket.opened_at or ticket.created_at, ticket.body) if ticket.body else None


@on_outgoing
def mind(ctx: Context, mail: OutgoingMail) -> None:
    """A reply that did not arrive is our turn again: the ticket that waits for an answer goes on, with a note that says why."""
    is_lost = mail.state == OutgoingMail.FAILED or mail.problem == BOUNCED
    if mail.about_type != "ticket" or mail.is_automatic or not is_lost:
        return
    ticket = Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.about_id, deleted_at=None).first()
    if ticket is None or not mark_lost(ctx, mail.pk):
        return
    to = ", ".join(str(one["address"]) for one in mail.to)
    why = mail.bounce_text or mail.said
    body = _("The reply to %(to)s could not be delivered.") % {"to": to} + (f"\n{why}" if why else "")
    ctx.create("ticket_entry", ticket=ticket.pk, kind="note", body=body)
    if ticket.state in ("waiting", "solved"):
        ctx.write(ticket, state="open")
