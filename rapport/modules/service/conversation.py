"""The conversation of a ticket: what was asked, every entry of it and of those merged into it, and what was set meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.history import history
from rapport.kernel.format import capital
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.records.registry import registry
from rapport.modules.service.files import Attached, files_of
from rapport.modules.service.mail_shown import Posted, messages_of
from rapport.modules.service.models import Ticket, TicketEntry
from rapport.modules.service.queue_lines import ICONS

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Entries shown at once; older ones are in the list behind the link.
_MOST = 80
_MOST_CHANGES = 60
#: Changes that belong into the story of the conversation.
_TOLD = {"state": "workflow", "priority": "signal-high", "owner": "user-round", "queue": "inbox", "merged_into": "merge"}


@dataclass(frozen=True)
class Said:
    """One message, note, or line about what was set."""

    #: "ask", "reply", "answer", "note" or "set".
    kind: str
    who: str
    text: str
    at: dt.datetime
    when: str
    remark: str = ""
    icon: str = ""
    minutes: str = ""
    #: How it came or went, when that was by mail.
    mail: Posted | None = None
    files: Sequence[Attached] = ()


def conversation(ctx: Context, ticket: Ticket, merged: Iterable[Ticket]) -> tuple[list[Said], bool]:
    """Everything in order, and whether there are more entries than are shown."""
    entry = registry.get("ticket_entry")
    tickets = {ticket.pk: ticket, **{one.pk: one for one in merged}}
    rows: list[TicketEntry] = []
    if gate.allows(ctx, entry, "view"):
        found = gate.visible(ctx, entry).filter(ticket_id__in=list(tickets)).order_by("-at", "-id")
        rows = list(found[: _MOST + 1])  # type: ignore[arg-type]
    _names(ctx, rows, tickets.values())
    posted, files = messages_of(ctx, list(tickets)), files_of(ctx, list(tickets))
    said = [
        replace(_entry(ctx, one, tickets[one.ticket_id], ticket), mail=posted.get(one.pk), files=files.get(one.pk, ()))
        for one in rows[:_MOST]
    ]
    said += [
        replace(_asked(ctx, one, ticket), mail=posted.get(one.pk), files=files.get(one.pk, ()))
        for one in tickets.values() if one.body or one.pk in files
    ]  # fmt: skip
    said += _set(ctx, ticket)
    return sorted(said, key=lambda one: one.at), len(rows) > _MOST


def _names(ctx: Context, rows: Iterable[TicketEntry], tickets: Iterable[Ticket]) -> None:
    """What authors and customers are called, in a query for each type."""
    entry, ticket = registry.get("ticket_entry"), registry.get("ticket")
    load_titles(
        ctx, [Row(one.pk, 0, {"author": one.author_id, "person": one.person_id}) for one in rows],
        [entry.fields["author"], entry.fields["person"]],
    )  # fmt: skip
    people = [Row(one.pk, 0, {"customer": one.customer_id, "person": one.person_id}) for one in tickets]
    load_titles(ctx, people, [ticket.fields["customer"], ticket.fields["person"]])


def _title(ctx: Context, type_key: str, *ids: UUID | None) -> str:
    found = (ctx.format.titles.get((type_key, one)) for one in ids if one is not None)
    return next((title.text for title in found if title is not None), "")


def _asked(ctx: Context, one: Ticket, shown: Ticket) -> Said:
    who = _title(ctx, "customer", one.person_id, one.customer_id) or _("Customer")
    remark = str(one.get_channel_display()) if one.channel else ""  # type: ignore[attr-defined]
    if one.pk != shown.pk:
        remark = _("from ticket %(number)s, merged into this one") % {"number": one.number}
    at = one.opened_at or one.created_at
    return Said("ask", who, one.body, at, shown_as.moment(at, ctx.format), remark, ICONS.get(one.channel, ""))


def _entry(ctx: Context, one: TicketEntry, of: Ticket, shown: Ticket) -> Said:
    at = one.at or one.created_at
    if one.kind == "answer":
        who = _title(ctx, "customer", one.person_id, of.person_id, of.customer_id) or _("Customer")
    else:
        who = _title(ctx, "user", one.author_id) or _("Somebody")
    remark = _("from ticket %(number)s, merged into this one") % {"number": of.number} if of.pk != shown.pk else ""
    minutes = shown_as.duration(one.minutes) if one.minutes else ""
    return Said(one.kind, who, one.body, at, shown_as.moment(at, ctx.format), remark, minutes=minutes)


def _set(ctx: Context, ticket: Ticket) -> list[Said]:
    """What was set, from the change log through the gate: a hidden field's changes are not there."""
    info = registry.get("ticket")
    lines = [one for one in history(ctx, info, ticket.pk, limit=_MOST_CHANGES) if one.change.verb == "update"]
    wanted = [(field, after) for one in lines for field, _before, after in one.entries if field.key in _TOLD and field.to]
    load_titles(ctx, [Row(ticket.pk, 0, {field.key: after}) for field, after in wanted], [field for field, _after in wanted])
    found = []
    for one in lines:
        for field, _before, after in one.entries:
            if field.key in _TOLD:
                value = field.kind.text(after, ctx.format) if after is not None else _("nobody") if field.key == "owner" else "–"
                text = f"{capital(field.label)}: {value}"
                at = one.change.at
                who = one.change.actor_name
                found.append(Said("set", who, text, at, shown_as.moment(at, ctx.format), icon=_TOLD[field.key]))
    return found
