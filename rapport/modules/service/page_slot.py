"""The page of a ticket in place of the general one: my queue, the conversation with its composer, the customer's context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.composing import ComposerTab
from rapport.modules.service.aside import aside_words
from rapport.modules.service.chat_shown import visitor_of
from rapport.modules.service.clock_card import clock_card
from rapport.modules.service.context_cards import (
    complaint_card,
    lines_of,
    merged_in,
    parts_of,
    seen_before,
    ties_of,
    who_cards,
)
from rapport.modules.service.conversation import conversation
from rapport.modules.service.looking import last_entry, mark_of, others
from rapport.modules.service.mail_out import route_of
from rapport.modules.service.models import Ticket, TicketWatcher
from rapport.modules.service.queue_lines import queue_panel
from rapport.modules.service.replies import replies_for

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

#: Dots of the states, as `TicketType` colours them.
_DOTS = {"new": "info", "open": "acc", "waiting": "grey", "held": "grey", "solved": "ok", "closed": "grey"}


@slot("record.page", type_key="ticket")
def ticket_page(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Everything the page shows."""
    assert isinstance(record, Ticket) and info is not None
    merged = merged_in(ctx, record)
    said, has_more = conversation(ctx, record, merged)
    fields = gate.fields(ctx, info)
    visitor = visitor_of(ctx, record)
    owner = ctx.format.titles.get(("user", record.owner_id))  # type: ignore[arg-type]
    values = {
        "queue": queue_panel(ctx, record.pk), "said": said, "has_more": has_more, "clock": clock_card(ctx, record),
        "who": who_cards(ctx, record), "before": seen_before(ctx, record), "parts": parts_of(ctx, record),
        "merged": lines_of(ctx, merged), "ties": ties_of(ctx, record), "complaint": complaint_card(ctx, record),
        "others": others(ctx, record.pk), "stamp": mark_of(record, last_entry(ctx, record.pk)),
        "state": record.get_state_display(), "dot": _DOTS[record.state],  # type: ignore[attr-defined]
        "priority": record.get_priority_display() if "priority" in fields else "",  # type: ignore[attr-defined]
        "priorities": Ticket._meta.get_field("priority").choices, "owner_name": owner.text if owner else "",
        "is_watched": _is_watched(ctx, record), "replies": replies_for(ctx, record),
        "put_aside": aside_words(ctx, record),
        "spent": shown_as.duration(record.minutes) if record.minutes else "",
        "visitor": visitor, "to": visitor.to if visitor else _addressee(ctx, record),
        "entries_url": f"{registry.get('ticket_entry').url}?filter=ticket+is+{record.pk}",
    }  # fmt: skip
    return Panel(info.label, "service/ticket.html", values)


def _is_watched(ctx: Context, ticket: Ticket) -> bool:
    rows = TicketWatcher.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, deleted_at=None)
    return rows.filter(person_id=ctx.viewer.user_id).exists()


def _addressee(ctx: Context, ticket: Ticket) -> str:
    """To whom a reply goes, and how; as far as the viewer may know."""
    route = route_of(ctx, ticket) if gate.may(ctx, registry.get("ticket"), ticket, "reply") else None
    if route is not None:
        return _("by e-mail to %(to)s") % {"to": ", ".join([route.to, *route.cc])}
    titles = ctx.format.titles
    named = (titles.get(("customer", one)) for one in (ticket.person_id, ticket.customer_id) if one is not None)
    name = next((one.text for one in named if one is not None), "")
    return _("to %(name)s") % {"name": name} if name else ""


@slot("record.composer", type_key="ticket")
def compose_ticket(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Reply, and internal note."""
    return Panel("", "", {"tabs": [_REPLY, _NOTE, _HEARD]})


_EMPTY = gettext_lazy("Write something first; one line is enough.")
_TEMPLATE = "service/compose_tab.html"
_REPLY = ComposerTab(
    "reply", gettext_lazy("Reply"), "reply", "ticket", ("body", "then", "minutes", "saved", "only_note", "files"), "body",
    gettext_lazy("Write the reply to the customer…"), gettext_lazy("Reply, wait for answer"), gettext_lazy("Reply written down."),
    _EMPTY, action="reply", template=_TEMPLATE,
)  # fmt: skip
_NOTE = ComposerTab(
    "note", gettext_lazy("Internal note"), "lock", "ticket", ("body", "minutes", "files"), "body",
    gettext_lazy("Only colleagues read this. @ names somebody."), gettext_lazy("Save note"), gettext_lazy("Note saved."),
    _EMPTY, action="note", template=_TEMPLATE,
)  # fmt: skip
_HEARD = ComposerTab(
    "hear", gettext_lazy("Customer wrote"), "message-circle", "ticket", ("body", "files"), "body",
    gettext_lazy("What did the customer write or say?"), gettext_lazy("Put in"), gettext_lazy("Answer put in."), _EMPTY,
    action="hear", template=_TEMPLATE,
)  # fmt: skip
