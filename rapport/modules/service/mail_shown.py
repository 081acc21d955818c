"""What the page of a ticket shows of its messages: how each came or went, the files that came with it, and the way to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.mail.bounces import BOUNCED
from rapport.engines.mail.models import OutgoingMail
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.modules.service.models import TicketMail

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST = 200


@dataclass
class Posted:
    """One message of a ticket."""

    #: What became of it, in a few words; "" for one that came.
    state: str = ""
    #: "ok", "warn", "bad" or "".
    hue: str = ""
    #: Where the message itself is, for those who may see it.
    url: str = ""
    #: Name and address of each file that came with it.
    files: list[tuple[str, str]] = field(default_factory=list)
    #: The outbox's id, while whoever looks may still take it back.
    back: UUID | None = None


def messages_of(ctx: Context, tickets: Sequence[UUID]) -> dict[UUID, Posted]:
    """By the id of the entry, or of the ticket for the message that opened it."""
    rows = list(TicketMail.objects.filter(workspace_id=ctx.workspace.pk, ticket_id__in=tickets).order_by("-at", "-pk")[:_MOST])
    if not rows:
        return {}
    queued = [one.outgoing_id for one in rows if one.outgoing_id]
    sent = {one.pk: one for one in OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk__in=queued)}
    ids = [one for one in [*(row.mail_id for row in rows), *(one.record_id for one in sent.values())] if one is not None]
    seen = set(gate.visible(ctx, registry.get("mail")).filter(pk__in=ids).values_list("pk", flat=True))
    files = _files(ctx, seen)
    found: dict[UUID, Posted] = {}
    for row in rows:
        mail = sent.get(row.outgoing_id)  # type: ignore[arg-type]
        if row.entry_id is None and mail is not None:
            continue  # the receipt
        posted = _went(ctx, mail) if mail is not None else Posted()
        mail_id = row.mail_id or (mail.record_id if mail is not None else None)
        if mail_id in seen:
            posted.url = registry.get("mail").record_url(mail_id)
            posted.files = files.get(mail_id, []) if mail is None else []
        found[row.entry_id or row.ticket_id] = posted
    return found


def _went(ctx: Context, mail: OutgoingMail) -> Posted:
    to = ", ".join(str(one["address"]) for one in [*mail.to, *mail.cc])
    if mail.problem == BOUNCED or mail.state == OutgoingMail.FAILED:
        return Posted(_("not delivered to %(to)s") % {"to": to}, "bad")
    if mail.state == OutgoingMail.SENT:
        at = shown_as.moment(mail.sent_at, ctx.format) if isinstance(mail.sent_at, dt.datetime) else ""
        return Posted(_("sent to %(to)s, %(when)s") % {"to": to, "when": at}, "ok")
    if mail.state == OutgoingMail.UNCERTAIN:
        return Posted(_("nobody knows whether this reached %(to)s; see the outbox") % {"to": to}, "warn")
    if mail.state == OutgoingMail.TAKEN_BACK:
        return Posted(_("taken back, not sent"), "warn")
    mine = mail.state == OutgoingMail.WAITING and mail.writer_id == ctx.viewer.user_id and not ctx.viewer.preview_of
    return Posted(_("on its way to %(to)s") % {"to": to}, "", back=mail.pk if mine else None)


def _files(ctx: Context, mails: set[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """The files of messages, as far as this viewer may see them."""
    if not mails:
        return {}
    texts = dict(gate.visible(ctx, registry.get("mail_text")).filter(mail_id__in=mails).values_list("pk", "mail_id"))
    found: dict[UUID, list[tuple[str, str]]] = {}
    rows = gate.visible(ctx, registry.get("mail_file")).filter(text_id__in=texts).order_by("pk")
    for text_id, name, kept in rows.values_list("text_id", "name", "file")[:_MOST] if texts else ():
        found.setdefault(texts[text_id], []).append((name, f"/file/{(kept or {}).get('key', '')}"))
    return found
