"""What an answer begins with: whom it goes to, what it quotes, which conversation it belongs to; only of what one may read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.mail.composing import Beginning, answering
from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.outbox import sending_mailboxes
from rapport.engines.mail.reading.headers import addresses, shown_addresses
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.errors import Gone
from rapport.kernel.files.reach import attachable_file
from rapport.kernel.records.registry import registry
from rapport.modules.mail.models import Mail, MailText

if TYPE_CHECKING:
    from rapport.engines.mail.reading import Address
    from rapport.kernel.context import Context

_LONGEST_QUOTE = 20_000
_MOST_REFERENCES = 20


@answering
def begin(ctx: Context, mail_id: UUID, how: str) -> Beginning:
    """A reply, a reply to everybody, or the message passed on."""
    mail = gate.get(ctx, registry.get("mail"), mail_id)
    text = gate.visible(ctx, registry.get("mail_text")).filter(mail_id=mail.pk).first()
    if not isinstance(mail, Mail) or text is None:
        raise Gone(_("You may see that this message happened, not what it says, so you cannot answer it."))
    subject = _subject(ctx, mail, "Fwd" if how == "forward" else "Re")
    boxes = sending_mailboxes(ctx)
    box = next((one for one in boxes if one.pk == mail.mailbox_id), boxes[0] if boxes else None)
    begun = Beginning(
        subject=subject, mailbox_id=box.pk if box else None, back=registry.get("mail").record_url(mail.pk),
        quoted=_quoted(ctx, mail, text, how),
    )  # fmt: skip
    if how == "forward":
        begun.files = _files(ctx, text)
        return begun
    begun.in_reply_to, begun.references = mail.message_id, _references(ctx, mail)
    to, cc = _receivers(mail, text, boxes)
    begun.to = _shown(to if how == "all" else to[:1] if mail.direction == "in" else to)
    begun.cc = _shown(cc) if how == "all" else ""
    return begun


def _receivers(mail: Mail, text: MailText, boxes: list[Mailbox]) -> tuple[list[Address], list[Address]]:
    """To and Cc of an answer: who wrote first, then everybody else, without ourselves."""
    mine = {one.address.lower() for one in boxes}
    named: dict[str, list[Address]] = {"To:": [], "Cc:": []}
    for line in text.receivers.split("\n"):
        label, _space, rest = line.partition(" ")
        if label in named:
            named[label] = addresses(rest)
    sender = addresses(f'"{_sender_name(mail)}" <{mail.sender}>') if mail.sender else []
    to = [one for one in [*sender, *named["To:"]] if one.address not in mine]
    to = list({one.address: one for one in reversed(to)}.values())[::-1]
    there = {one.address for one in to}
    return to, [one for one in named["Cc:"] if one.address not in mine | there]


def _sender_name(mail: Mail) -> str:
    name = mail.people.partition(" → ")[0].replace('"', "").replace("\\", "")
    return "" if "@" in name or name == "?" else name


def _subject(ctx: Context, mail: Mail, prefix: str) -> str:
    rows = gate.visible(ctx, registry.get("mail_subject")).filter(mail_id=mail.pk)
    subject = rows.values_list("subject", flat=True).first() or ""
    subject = "" if subject == "—" else subject
    is_there = subject.lower().startswith((f"{prefix.lower()}:", "aw:" if prefix == "Re" else "wg:"))
    return subject if is_there else f"{prefix}: {subject}"


def _quoted(ctx: Context, mail: Mail, text: MailText, how: str) -> str:
    """What is answered stands below, each line marked; what is passed on stands as it was."""
    at = mail.happened_at.astimezone(ctx.format.zone)
    when = f"{shown_as.full_date(at.date(), ctx.format)}, {shown_as.clock(at.time(), ctx.format)}"
    who = _sender_name(mail) or mail.sender
    words = text.text[:_LONGEST_QUOTE]
    if how == "forward":
        head = [_("Forwarded message"), f"{_('From')}: {who} <{mail.sender}>", f"{_('Date')}: {when}", text.receivers]
        more = f"\n\n{text.quoted[:_LONGEST_QUOTE]}" if text.quoted else ""
        return "\n\n---------- " + "\n".join(one for one in head if one) + f"\n\n{words}{more}"
    lines = "\n".join(f"> {line}".rstrip() for line in words.split("\n"))
    return "\n\n" + _("On %(when)s, %(who)s wrote:") % {"when": when, "who": who} + f"\n{lines}\n"


def _references(ctx: Context, mail: Mail) -> list[str]:
    rows = gate.visible(ctx, registry.get("mail")).filter(thread=mail.thread, happened_at__lt=mail.happened_at)
    before = list(rows.order_by("-happened_at").values_list("message_id", flat=True)[:_MOST_REFERENCES])[::-1]
    return [*(one for one in before if one != mail.message_id), mail.message_id]


def _files(ctx: Context, text: MailText) -> list[dict[str, object]]:
    rows = gate.visible(ctx, registry.get("mail_file")).filter(text_id=text.pk).order_by("id")[:20]
    found = [attachable_file(ctx, str((one.file or {}).get("key", ""))) for one in rows]
    return [one for one in found if one is not None]


def _shown(some: list[Address]) -> str:
    return shown_addresses([{"address": one.address, "name": one.name} for one in some])
