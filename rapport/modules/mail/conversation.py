"""The conversation a message belongs to, as far as this viewer sees it: what was said, folded, safe to look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.foreign_html import ForeignHtml, sanitise
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.mail.models import Mail, MailSubject, MailText

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

#: Messages shown of one conversation, the latest.
MOST = 30


@dataclass
class Letter:
    """One message of a conversation, as far as it is open to the viewer."""

    id: UUID
    who: str
    sender: str
    when: str
    iso: str
    is_out: bool
    #: "pass", "fail" or "".
    check: str
    automatic: str
    subject: str = ""
    opening: str = ""
    text: str = ""
    quoted: str = ""
    receivers: str = ""
    html: ForeignHtml | None = None
    text_id: UUID | None = None
    files: list[tuple[str, str, str]] = field(default_factory=list)
    is_open: bool = False
    calendar: str = ""
    #: What a module shows of the invitation in it.
    card: Panel | None = None


Cards = Callable[["Context", Mail, str], Panel | None]
_cards: list[Cards] = []


def show_invitations(card: Cards) -> None:
    """Let a module show what a message holds for calendars, as a card; it is given the message and that part."""
    _cards.append(card)


def conversation(ctx: Context, mail: Mail) -> list[Letter]:
    """The messages of a conversation that the viewer may see, oldest first; four queries whatever its length."""
    rows = gate.visible(ctx, registry.get("mail")).filter(thread=mail.thread).order_by("-happened_at", "-id")
    mails = list(rows[:MOST])[::-1]
    letters = {one.pk: _letter(ctx, one) for one in mails}
    subjects = gate.visible(ctx, registry.get("mail_subject")).filter(mail_id__in=letters)
    for mail_id, subject in subjects.values_list("mail_id", "subject"):
        letters[mail_id].subject = subject
    texts = {one.pk: one for one in gate.visible(ctx, registry.get("mail_text")).filter(mail_id__in=letters)}
    for text in texts.values():
        _fill(letters[text.mail_id], text)
    for one in gate.visible(ctx, registry.get("mail_file")).filter(text_id__in=texts).order_by("id"):
        kept = one.file or {}
        size = shown_as.file_size(int(kept.get("size") or 0), ctx.format)
        letters[texts[one.text_id].mail_id].files.append((one.name, f"/file/{kept.get('key', '')}", size))
    found = list(letters.values())
    for letter, given in zip(found, mails, strict=True):
        if letter.calendar:
            letter.card = next((card for show in _cards if (card := show(ctx, given, letter.calendar))), None)
    for one in found:
        one.is_open = one.id == mail.pk or one is found[-1]
    return found


def _letter(ctx: Context, mail: Mail) -> Letter:
    day = mail.happened_at.astimezone(ctx.format.zone)
    when = f"{shown_as.date(day.date(), ctx.format)}, {shown_as.clock(day.time(), ctx.format)}"
    return Letter(
        mail.pk, mail.people.partition(" → ")[0], mail.sender, when, mail.happened_at.astimezone(dt.UTC).isoformat(),
        mail.direction == "out", mail.sender_check, mail.get_automatic_display() if mail.automatic else "",
    )  # fmt: skip


def _fill(letter: Letter, text: MailText) -> None:
    letter.text_id, letter.opening, letter.text = text.pk, text.opening, text.text
    letter.quoted, letter.receivers, letter.calendar = text.quoted, text.receivers, text.calendar or ""
    letter.html = sanitise(text.html) if text.html.strip() else None


def mail_of(ctx: Context, record: Record) -> Mail | None:
    """The message a layer belongs to, if the viewer sees it."""
    if isinstance(record, Mail):
        return record
    if isinstance(record, MailSubject | MailText):
        return gate.visible(ctx, registry.get("mail")).filter(pk=record.mail_id).first()
    return None


def _panel(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    mail = mail_of(ctx, record) if record is not None else None
    if mail is None:
        return None
    letters = conversation(ctx, mail)
    subject = next((one.subject for one in letters if one.subject), "")
    return Panel(subject or _("Conversation"), "mail/conversation.html", {"letters": letters, "is_cut": len(letters) == MOST})


for _key in ("mail", "mail_subject", "mail_text"):
    slot("record.main", type_key=_key)(_panel)


@slot("record.html", type_key="mail_text")
def whole_html(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The HTML of a message for the page that shows it with its pictures."""
    if not isinstance(record, MailText) or not record.html:
        return None
    return Panel(_("E-mail"), "", {"html": record.html})
