"""Who sees which layer of a message: grants, kept in line with who took part and with what they share.

Who took part sees everything. Beyond them a mailbox shares nothing, that mail happened, its subject, or all of it; a customer
or a conversation may say otherwise, for one mailbox: the narrower the place, the more it counts. A message that is in two
mailboxes is open as far as the more generous of the two says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.engines.mail.models import Mailbox, SeenMessage
from rapport.kernel.access.chart import EVERYBODY
from rapport.kernel.access.sharing_models import READ, Grant
from rapport.kernel.changes.bulk import insert_rows
from rapport.modules.mail.contact import note_contact
from rapport.modules.mail.models import Mail, MailParticipant, MailPerson, MailSharing, MailSubject, MailText

if TYPE_CHECKING:
    from rapport.kernel.context import Context

CAUSE = "mail"
#: What each share opens, from the outermost layer in.
LEVELS = ("none", "happened", "subject", "everything")
_COLUMNS = (
    "workspace_id", "type", "record_id", "principal", "level", "cause", "rule_id", "part", "until", "given_by", "created_at",
)  # fmt: skip


def settle(ctx: Context, mail_ids: Sequence[UUID], *, coming_into: UUID | None = None) -> None:
    """Bring the grants of these messages in line; in the transaction of whatever changed. `coming_into` is a mailbox whose
    ledger names them in a moment."""
    ids = list(dict.fromkeys(mail_ids))
    if not ids:
        return
    rows = Mail.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids)
    mails = {pk: (thread, mailbox) for pk, thread, mailbox in rows.values_list("pk", "thread", "mailbox_id")}
    layers = _layers(ctx, ids)
    shares = _shares(ctx, mails, coming_into)
    taking_part: dict[UUID, set[str]] = {}
    parts = MailParticipant.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=ids)
    for pk, principal in parts.values_list("mail_id", "principal"):
        taking_part.setdefault(pk, set()).add(principal)
    wanted: dict[tuple[UUID, str], tuple[str, str]] = {}
    for pk in mails:
        for depth, (type_key, record_id) in layers.get(pk, {}).items():
            for principal in taking_part.get(pk, ()):
                wanted[(record_id, principal)] = (type_key, principal)
            if depth <= shares.get(pk, 0):
                wanted[(record_id, EVERYBODY)] = (type_key, EVERYBODY)
    _write(ctx, [record_id for layer in layers.values() for _type, record_id in layer.values()], wanted)
    note_contact(ctx, [pk for pk in mails if shares.get(pk, 0) >= LEVELS.index("happened")])


def _layers(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, dict[int, tuple[str, UUID]]]:
    """The records of each message by depth: that it happened, the subject, the text."""
    found: dict[UUID, dict[int, tuple[str, UUID]]] = {pk: {1: ("mail", pk)} for pk in ids}
    for depth, model, key in ((2, MailSubject, "mail_subject"), (3, MailText, "mail_text")):
        rows = model.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=ids)
        for pk, mail_id in rows.values_list("pk", "mail_id"):
            found[mail_id][depth] = (key, pk)
    return found


def _shares(ctx: Context, mails: dict[UUID, tuple[str, UUID]], coming_into: UUID | None) -> dict[UUID, int]:
    """How deep each message is open to colleagues: the most generous of the mailboxes it is in."""
    held: dict[UUID, set[UUID]] = {pk: {mailbox, coming_into or mailbox} for pk, (_thread, mailbox) in mails.items()}
    seen = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=list(mails))
    for record_id, mailbox_id in seen.values_list("record_id", "mailbox_id"):
        held[record_id].add(mailbox_id)
    boxes = {one for some in held.values() for one in some}
    rows = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk__in=boxes, deleted_at=None)
    by_box = dict(rows.values_list("pk", "share"))
    people: dict[UUID, set[UUID]] = {}
    persons = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=list(mails))
    for mail_id, customer_id in persons.values_list("mail_id", "customer_id"):
        people.setdefault(mail_id, set()).add(customer_id)
    abouts = {UUID(thread) for thread, _box in mails.values()} | {one for some in people.values() for one in some}
    said = {
        (box, about): LEVELS.index(share)
        for box, about, share in MailSharing.objects.filter(
            workspace_id=ctx.workspace.pk, mailbox_id__in=boxes, about_id__in=abouts
        ).values_list("mailbox_id", "about_id", "share")
    }
    found = {}
    for pk, (thread, _box) in mails.items():
        depths = []
        for box in held[pk] & set(by_box):
            customers = [said[(box, one)] for one in people.get(pk, ()) if (box, one) in said]
            # Of several customers the most private word counts.
            own = said.get((box, UUID(thread)), min(customers, default=None))
            depths.append(LEVELS.index(by_box[box]) if own is None else own)
        found[pk] = max(depths, default=0)
    return found


def _write(ctx: Context, records: list[UUID], wanted: dict[tuple[UUID, str], tuple[str, str]]) -> None:
    there = Grant.objects.filter(workspace_id=ctx.workspace.pk, cause=CAUSE, record_id__in=records)
    have = {(record, principal): pk for pk, record, principal in there.values_list("pk", "record_id", "principal")}
    gone = [pk for key, pk in have.items() if key not in wanted]
    Grant.objects.filter(workspace_id=ctx.workspace.pk, pk__in=gone).delete()
    rows = [
        (ctx.workspace.pk, type_key, record, principal, READ, CAUSE, None, "", None, ctx.actor_id, ctx.format.now)
        for (record, principal), (type_key, _principal) in wanted.items()
        if (record, principal) not in have
    ]
    insert_rows(Grant, _COLUMNS, rows)


def close_to_colleagues(ctx: Context, mail_ids: Iterable[UUID]) -> None:
    """Take from colleagues what these messages showed them, at once; what they still may see comes back with `settle`."""
    ids = list(mail_ids)
    within = Q(type="mail", record_id__in=ids)
    for key, model in (("mail_subject", MailSubject), ("mail_text", MailText)):
        rows = model.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=ids)
        within |= Q(type=key, record_id__in=rows.values("pk"))
    Grant.objects.filter(within, workspace_id=ctx.workspace.pk, cause=CAUSE, principal=EVERYBODY).delete()


def mails_of(ctx: Context, mailbox_id: UUID, *, after: UUID | None = None, limit: int = 500) -> list[UUID]:
    """The messages a mailbox holds, by id, some at a time."""
    rows = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox_id, record_id__isnull=False)
    if after is not None:
        rows = rows.filter(record_id__gt=after)
    return list(rows.order_by("record_id").values_list("record_id", flat=True).distinct()[:limit])
