"""What tickets, their entries, watchers and complaints mean, and how a ticket keeps its number and its clocks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from rapport.engines.numbers.giving import next_number
from rapport.kernel.records.declare import RecordType, Related, Section, Timeline, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.service.assigning import assign
from rapport.modules.service.complaining import begin_complaints
from rapport.modules.service.hearing import keep_contact, ring_chats, tell_watchers
from rapport.modules.service.keeping import stands
from rapport.modules.service.models import Complaint, Ticket, TicketEntry, TicketFile, TicketWatcher
from rapport.modules.service.moments import CLOCKED, OVER, keep_moments, kept, new_moments, story
from rapport.modules.service.policy import due

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_BOOKKEEPING = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
_MOVES = ("take", "reply", "hear", "wait", "hold", "resume", "solve", "close", "reopen", "join", "part")


def check_ticket(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A ticket has a number, and its clocks follow what happens to it."""
    ticket, now = cast("Ticket | None", record), ctx.format.now
    if ticket is None:
        values["number"] = next_number(ctx, "ticket")
        values.setdefault("opened_at", now)
    elif not CLOCKED & set(values):
        return
    before, after = ticket.state if ticket is not None else "new", str(values.get("state") or (ticket and ticket.state) or "new")
    if after in OVER and before not in OVER:
        values.setdefault("solved_at", now)
        if ticket is not None and ticket.aside_since is not None:
            values.update(aside_since=None, aside_until=None, aside_by=None)
    moments = new_moments(ticket, values, now)
    if ticket is not None:
        moments = [*kept(ctx.workspace.pk, [ticket.pk]).get(ticket.pk, []), *moments]
        if before in OVER and after not in OVER:
            values["solved_at"], values["reopened"] = None, ticket.reopened + 1
    opened = values.get("opened_at") or (ticket.opened_at if ticket is not None else None) or now
    queue = cast(UUID, values.get("queue") or (ticket.queue_id if ticket else None))
    priority = str(values.get("priority") or (ticket.priority if ticket else "normal"))
    values.update(due(stands(ctx, queue, priority, story(cast(dt.datetime, opened), moments), now)))


@record_type
class TicketType(RecordType):
    """A question, problem, complaint or request until it is solved."""

    model, key, title = Ticket, "ticket", "subject"
    search = ["subject", "body", "product", "external_id"]
    uses = {
        "state": Use(by_action=_MOVES, on_create=True,
                     hues={"new": "info", "open": "acc", "waiting": "grey", "held": "grey", "solved": "ok", "closed": "grey"}),
        "priority": Use(hues={"urgent": "bad", "high": "warn", "normal": "acc", "low": "grey"}),
        "number": Use(readonly=True), "opened_at": Use(fixed=True),
        "queue": Use(keeps=True),
        "answer": Use(by_action=("solve", "reopen"), on_create=True),
        "solved_at": Use(by_action=_MOVES, on_create=True),
        "replied_at": Use(by_action="reply", on_create=True),
        "reply_due_at": Use(readonly=True), "solve_due_at": Use(readonly=True), "due_at": Use(readonly=True),
        "minutes": Use(readonly=True), "reopened": Use(readonly=True), "heard_at": Use(readonly=True),
        "merged_into": Use(readonly=True), "follows": Use(readonly=True),
        "aside_since": Use(readonly=True), "aside_until": Use(readonly=True), "aside_by": Use(readonly=True),
    }  # fmt: skip
    list_columns = ["subject", "number", "customer", "state", "priority", "queue", "owner", "due_at", "opened_at"]
    page = [
        Section(_("Ticket"), "number", "state", "priority", "kind", "queue", "owner", "customer", "person"),
        Section(_("Promised"), "reply_due_at", "solve_due_at", "replied_at", "solved_at", "opened_at", "heard_at", "aside_until"),
        Section(_("More"), "body", "answer", "category", "product", "channel", "tags", "minutes", "reopened", "team"),
        Section(_("Other tickets"), "parent", "follows", "merged_into"),
        Related("ticket_entry", "ticket", ["kind", "body", "at", "author", "person", "minutes"]),
        Related("ticket_file", "ticket", ["name", "file", "entry"]),
        Related("ticket_watcher", "ticket", ["person"]),
        Related("complaint", "ticket", ["step", "cause", "responsible", "answer_by", "made_good_by", "amount"]),
    ]
    views = {
        _("Open tickets"): "state is any of (new, open) and aside_since is empty | due_at",
        _("My tickets"): "owner is me and state is any of (new, open, waiting, held) and aside_since is empty | due_at",
        _("Nobody's"): "owner is empty and state is any of (new, open) and aside_since is empty | due_at",
        _("Late"): "state is any of (new, open) and due_at < now | due_at",
        _("Waiting"): "state is any of (waiting, held) | -updated_at",
        _("Put aside"): "aside_since is not empty | aside_until",
        _("Solved"): "state is any of (solved, closed) | -updated_at",
    }
    grants = {
        "management": "*:all",
        "support": "*:all",
        "sales": "view:team create edit:own reply:own note:team hear:own watch:team rate:own ask_rating:own "
                 "put_aside:own bring_back:own",
        "back_office": "view:all create edit:own reply:own note:all hear:own watch:all rate:own ask_rating:own "
                 "put_aside:own bring_back:own",
        "marketing": "view:all",
    }
    menu = ("service", "life-buoy")
    timeline = Timeline(at="opened_at", on=["customer", "person"], icon="life-buoy")
    checks = (check_ticket,)
    effects = (keep_moments, assign, begin_complaints, keep_contact, ring_chats)


@record_type
class TicketEntryType(RecordType):
    """Something written in a ticket."""

    model, key, title = TicketEntry, "ticket_entry", "body"
    search = ["body"]
    uses = {**_BOOKKEEPING, "at": Use(default="now"), "author": Use(default="me")}
    list_columns = ["ticket", "kind", "body", "author", "person", "at", "minutes"]
    page = [Section(_("Entry"), "ticket", "kind", "body", "author", "person", "at", "minutes")]
    under = "ticket"
    effects = (tell_watchers, keep_contact, ring_chats)


@record_type
class TicketFileType(RecordType):
    """A file in a ticket."""

    model, key, title = TicketFile, "ticket_file", "name"
    uses = _BOOKKEEPING
    list_columns = ["ticket", "name", "file", "entry", "is_internal"]
    page = [Section(_("File"), "ticket", "entry", "name", "file", "is_internal")]
    under = "ticket"


@record_type
class TicketWatcherType(RecordType):
    """Somebody who wants to hear of a ticket."""

    model, key, title = TicketWatcher, "ticket_watcher", "person"
    uses = _BOOKKEEPING
    list_columns = ["ticket", "person"]
    page = [Section(_("Watcher"), "ticket", "person")]
    under = "ticket"


@record_type
class ComplaintType(RecordType):
    """How a complaint is made good."""

    model, key, title = Complaint, "complaint", "ticket"
    uses = {
        **_BOOKKEEPING,
        "step": Use(by_action="advance", on_create=True,
                    hues={"received": "info", "looked_into": "acc", "answered": "warn", "made_good": "ok", "learned": "grey"}),
        "cause": Use(keeps=True),
        "amount": Use(total="sum"),
    }  # fmt: skip
    list_columns = ["ticket", "step", "cause", "responsible", "answer_by", "made_good_by", "amount"]
    page = [
        Section(_("Complaint"), "ticket", "step", "cause", "responsible", "answer_by"),
        Section(_("Made good"), "made_good_by", "amount", "lesson"),
    ]
    views = {
        _("Open complaints"): "step is any of (received, looked_into, answered) | answer_by",
        _("All complaints"): "| answer_by",
    }
    under = "ticket"
    menu = ("service", "message-circle")
