"""My queue: the open tickets of whoever looks, what is due first on top; of all when nothing is theirs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.query.read import load_titles, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from rapport.modules.service.clock_card import due_words

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.query.read import Row

_MOST = 30
_STATES = "state is any of (new, open, waiting, held) and aside_since is empty"
_FIELDS = ("subject", "customer", "person", "state", "channel", "due_at", "heard_at")
ICONS = {
    "email": "mail", "phone": "phone", "portal": "globe", "form": "list-checks", "chat": "message-circle", "visit": "map-pin",
    "letter": "file-text",
}  # fmt: skip


@dataclass(frozen=True)
class QueueLine:
    """One ticket of the queue."""

    id: UUID
    subject: str
    who: str
    url: str
    icon: str
    when: str
    hue: str
    is_new: bool
    is_here: bool


@dataclass(frozen=True)
class QueuePanel:
    """The column of tickets."""

    title: str
    lines: list[QueueLine]
    count: str
    url: str


def queue_panel(ctx: Context, here: UUID) -> QueuePanel:
    """One page of my open tickets, by the index of owners."""
    info = registry.get("ticket")
    mine = read_page(ctx, info, where=parse(f"owner is me and {_STATES}"), sort="due_at", fields=_FIELDS, limit=_MOST)
    title, page = _("My queue"), mine
    if not mine.rows:
        page = read_page(ctx, info, where=parse(_STATES), sort="due_at", fields=_FIELDS, limit=_MOST)
        title = _("Open tickets")
    load_titles(ctx, page.rows, [info.fields["customer"], info.fields["person"]])
    lines = [_line(ctx, row, here) for row in page.rows]
    count = f"{len(lines)}+" if page.next else str(len(lines))
    return QueuePanel(title, lines, count, info.url)


def _line(ctx: Context, row: Row, here: UUID) -> QueueLine:
    when, hue = "", ""
    state, due = row.values.get("state"), row.values.get("due_at")
    if state == "waiting":
        when = _("Waiting for them")
    elif state == "held":
        when = _("On hold")
    elif isinstance(due, dt.datetime):
        when, hue = due_words(ctx, due, ctx.format.now)
    titles = ctx.format.titles
    who = next((titles[key].text for one in ("customer", "person") if (key := ("customer", row.values.get(one))) in titles), "")
    return QueueLine(
        row.id, str(row.values.get("subject") or ""), who, registry.get("ticket").record_url(row.id),
        ICONS.get(str(row.values.get("channel")), "life-buoy"), when, hue,
        state == "new" or row.values.get("heard_at") is not None, row.id == here,
    )  # fmt: skip
