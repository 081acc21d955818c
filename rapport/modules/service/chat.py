"""Chats on web sites: a visitor's first line opens a ticket, every further one is an answer in it, as if it had come by mail.

What the visitor reads is `lines`: replies and their own words, of this one ticket; notes, minutes and full names of ours are
never fetched. A typed address joins the ticket to whoever is known by it, as a mail from it would, and shows the visitor nothing
of them: they read their own conversation and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _t

from rapport.engines.livechat import talking
from rapport.engines.livechat.models import Talk
from rapport.engines.livechat.registry import Keeper, Line, Opening, Staff, register_keeper
from rapport.engines.notices.writing import put_once
from rapport.engines.portal.guest import first_name
from rapport.kernel.access.models import User
from rapport.kernel.errors import Gone
from rapport.kernel.kinds.mentions import plain
from rapport.modules.mail.participants import companies_of, customers_by_address
from rapport.modules.service.actions import hear
from rapport.modules.service.assigning import is_away
from rapport.modules.service.chat_models import ChatWidget
from rapport.modules.service.keeping import hours_of
from rapport.modules.service.mail_out import route_of
from rapport.modules.service.models import Queue, QueueMember, Ticket, TicketEntry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST_LINES = 200
_SUBJECT = 80


def begin(ctx: Context, opening: Opening) -> UUID:
    """A ticket in the queue of the chat, a note of who they say they are and where they were, and the queue hears of it."""
    chat = ChatWidget.objects.filter(workspace_id=ctx.workspace.pk, pk=opening.chat_id, deleted_at=None).first()
    if chat is None:
        raise Gone
    subject = " ".join(opening.text.split())
    subject = subject if len(subject) <= _SUBJECT else subject[: _SUBJECT - 1].rstrip() + "…"
    ticket = ctx.create(
        "ticket", subject=subject, body=opening.text, queue=chat.queue_id, channel="chat", **_asker(ctx, opening)
    )
    assert isinstance(ticket, Ticket)
    ctx.write(ticket, heard_at=ctx.format.now)
    with translation.override(ctx.workspace.language):
        # The person stands there too, so that an erasure finds what they told of themselves.
        ctx.create("ticket_entry", ticket=ticket.pk, kind="note", body=_told(opening), person=ticket.person_id)
    _tell(ctx, ticket, opening.present)
    return ticket.pk


def _asker(ctx: Context, opening: Opening) -> dict[str, object]:
    """Who asks: the guest who is signed in, or whoever is known by the address, as with mail (`mail_in.py`)."""
    person = opening.person_id
    if person is None and opening.email:
        known = customers_by_address(ctx, [opening.email.lower()]).get(opening.email.lower())
        if known is not None and known.kind != "person":
            return {"customer": known.pk}
        person = known.pk if known is not None else None
    if person is None:
        return {}
    companies = companies_of(ctx, [person]).get(person, [])
    return {"person": person, "customer": companies[0] if len(companies) == 1 else person}


def _told(opening: Opening) -> str:
    """What the visitor told of themselves, and where they were: the source of the ticket."""
    proven = _t("signed in to the portal") if opening.person_id else _t("nobody has proven that it is theirs")
    where = " – ".join(one for one in (opening.page_title, opening.page) if one)
    lines = [
        (_t("Name"), opening.name), (_t("E-mail"), f"{opening.email} ({proven})" if opening.email else ""), (_t("Page"), where),
        (_t("Came from"), opening.referrer), (_t("Campaign"), opening.campaign),
    ]  # fmt: skip
    return "\n".join([_t("Began in the chat."), *(f"{label}: {text}" for label, text in lines if text)])


def _tell(ctx: Context, ticket: Ticket, present: Sequence[UUID]) -> None:
    """The members of the queue who are not away; in a queue without members its lead and whoever is here."""
    lead = Queue.objects.filter(workspace_id=ctx.workspace.pk, pk=ticket.queue_id).values_list("lead_id", flat=True).first()
    people = {one.person_id for one in _members(ctx, ticket.queue_id)} or {*present, *([lead] if lead else [])}
    put_once(ctx.workspace, "chat", "ticket", {one: [ticket.pk] for one in people}, once=f"chat:{ticket.pk.hex}")


def _members(ctx: Context, queue_id: UUID) -> list[QueueMember]:
    today = ctx.format.today
    rows = QueueMember.objects.filter(
        workspace_id=ctx.workspace.pk, deleted_at=None, queue_id=queue_id, person__is_active=True, person__deleted_at=None
    )
    return [one for one in rows if not is_away(one, today)]


def say(ctx: Context, ticket_id: UUID, text: str) -> UUID:
    """A further line: a ticket that waited goes on, a solved one opens again or a new one begins, as `hear` says."""
    ticket = _ticket(ctx, ticket_id)
    if ticket is None:
        raise Gone
    made = hear(ctx, ticket, body=text, person=None, files=None)
    return made.pk if isinstance(made, Ticket) else ticket.pk


def _ticket(ctx: Context, ticket_id: UUID) -> Ticket | None:
    """The ticket of a conversation; one that was merged may hold what others said, so the visitor is not led there."""
    return Ticket.objects.filter(workspace_id=ctx.workspace.pk, pk=ticket_id, deleted_at=None, merged_into=None).first()


def lines(ctx: Context, ticket_id: UUID) -> list[Line] | None:
    """What was said to both sides, oldest first."""
    ticket = _ticket(ctx, ticket_id)
    if ticket is None or ticket.channel != "chat":
        return None
    rows = TicketEntry.objects.filter(
        workspace_id=ctx.workspace.pk, deleted_at=None, ticket_id=ticket.pk, kind__in=("reply", "answer")
    )
    entries = list(rows.order_by("-at", "-pk").values_list("pk", "kind", "body", "at", "created_at", "author_id")[:_MOST_LINES])
    authors = {row[5] for row in entries if row[5]}
    names = dict(User.objects.filter(workspace_id=ctx.workspace.pk, pk__in=authors).values_list("pk", "name")) if authors else {}
    found = [Line(str(ticket.pk), "", plain(ticket.body), ticket.opened_at or ticket.created_at)]
    for pk, kind, body, at, created, author in reversed(entries):
        who = (first_name(names[author]) if author in names else ctx.workspace.name) if kind == "reply" else ""
        found.append(Line(str(pk), who, plain(body), at or created))
    return found


def staff(ctx: Context, chat_id: UUID) -> Staff:
    """Who may be here: the members who are not away, or everybody in a queue without members; nobody outside of the hours."""
    chat = ChatWidget.objects.filter(workspace_id=ctx.workspace.pk, pk=chat_id).select_related("queue__level").first()
    if chat is None:
        return Staff(False, ())
    level = chat.queue.level
    if level is not None and level.deleted_at is None:
        first = next(iter(hours_of(ctx, level.hours_id).stretches(ctx.format.now)), None)
        if first is None or first[0] > ctx.format.now:
            return Staff(False, ())
    rows = QueueMember.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, queue_id=chat.queue_id)
    people = [one.person_id for one in _members(ctx, chat.queue_id)]
    return Staff(True, people if people or rows.exists() else None)


def mails(ctx: Context, ticket_id: UUID) -> bool:
    """Whether what is said to a visitor who has left goes after them by mail: the queue sends, and there is an address."""
    ticket = _ticket(ctx, ticket_id)
    return ticket is not None and route_of(ctx, ticket) is not None


def talk_of(ctx: Context, ticket: Ticket) -> Talk | None:
    """The conversation that goes on in a ticket, or was the last there; asks nothing for tickets of other channels."""
    return talking.talk_in(ctx.workspace.pk, "ticket", ticket.pk) if ticket.channel == "chat" else None


register_keeper(Keeper("ticket", "reply", begin, say, lines, staff, mails))
