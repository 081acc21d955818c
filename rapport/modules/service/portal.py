"""Tickets as guests of the portal see and write them: their own, what was said in them to both sides, and nothing else.

Every question starts from `mine`; internal notes, minutes, queues, tags, promises and full names of ours are never fetched.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.portal.guest import Guest, first_name
from rapport.engines.portal.registry import Asked, Page, portal_section
from rapport.kernel import format as shown_as
from rapport.kernel.access.models import User
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.kinds.mentions import plain
from rapport.modules.customers.models import Customer
from rapport.modules.customers.portal import brought_by
from rapport.modules.service.files import Attached, Facts, attach_new, file_for_customer, files_for_customer
from rapport.modules.service.models import Queue, Ticket, TicketEntry
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE, _MOST_SAID, _MOST_QUEUES = 40, 200, 30
#: The same words again within this time are the same press of the button.
SAME = dt.timedelta(minutes=10)
LONGEST = 10_000
#: States as the customer sees them.
_STATES = {
    "new": _("Received"), "open": _("In work"), "waiting": _("Waits for your answer"), "held": _("In work"),
    "solved": _("Solved"), "closed": _("Closed"),
}  # fmt: skip
_HUES = {"new": "info", "open": "acc", "waiting": "warn", "held": "acc", "solved": "ok", "closed": ""}
_KINDS = ("question", "problem", "request", "complaint")

tickets = portal_section("tickets", _("My tickets"), icon="life-buoy", order=10)


def mine(guest: Guest) -> QuerySet[Ticket]:
    """The tickets that are this guest's: asked by them, about them, or about a company whose things they see."""
    rows = Ticket.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None)
    return rows.filter(Q(person_id=guest.person_id) | Q(customer_id__in=guest.owns))


def _my_ticket(guest: Guest, record_id: UUID) -> Ticket:
    found = mine(guest).filter(pk=record_id).first()
    if found is None:
        raise Gone
    return found


def _latest(guest: Guest, before: dt.datetime | None, limit: int) -> list[Ticket]:
    """A page of them, the newest first: asked by each index for itself, since an OR of both would read all."""
    found: dict[UUID, Ticket] = {}
    for part in (Q(person_id=guest.person_id), *(Q(customer_id=one) for one in guest.owns)):
        rows = Ticket.objects.filter(part, workspace_id=guest.workspace.pk, deleted_at=None)
        rows = rows.filter(opened_at__lt=before) if before else rows
        found.update({one.pk: one for one in rows.order_by("-opened_at")[:limit]})
    return sorted(found.values(), key=lambda one: (one.opened_at or one.created_at, one.pk), reverse=True)[:limit]


@dataclass(frozen=True)
class Line:
    """A ticket in the list."""

    id: UUID
    number: int | None
    subject: str
    state: object
    hue: str
    when: str
    whose: str


@dataclass(frozen=True)
class Said:
    """Something that was said to both sides."""

    who: str
    is_ours: bool
    text: str
    at: dt.datetime
    when: str
    files: Sequence[Attached] = ()


@tickets.tells
def in_short(guest: Guest) -> str:
    """How many are open, of the latest."""
    states = [one.state for one in _latest(guest, None, PAGE)]
    waiting, open_ = states.count("waiting"), sum(one not in OVER for one in states)
    if waiting:
        return _t("%(count)d wait for your answer") % {"count": waiting}
    return _t("%(count)d open") % {"count": open_} if open_ else ""


@tickets.page()
def listing(guest: Guest, asked: Asked) -> Page:
    """All of them, the newest first."""
    before = None
    try:
        before = dt.datetime.fromisoformat(asked.get("before")) if asked.get("before") else None
    except ValueError:
        before = None
    if before is not None and before.tzinfo is None:
        before = before.replace(tzinfo=dt.UTC)
    rows, fmt = _latest(guest, before, PAGE + 1), guest.context().format
    names = _names_of(guest, rows)
    lines = [
        Line(one.pk, one.number, one.subject, _STATES[one.state], _HUES[one.state],
             shown_as.relative(one.opened_at or one.created_at, fmt), names.get(one.customer_id, ""))
        for one in rows[:PAGE]
    ]  # fmt: skip
    last = rows[PAGE - 1].opened_at if len(rows) > PAGE else None
    values = {"lines": lines, "next": last.isoformat() if last else "", "may_write": _queue(guest) is not None}
    return Page(_t("My tickets"), "service/portal_list.html", values)


def _names_of(guest: Guest, rows: Iterable[Ticket]) -> dict[UUID | None, str]:
    """What companies are called whose tickets stand in the list beside the guest's own."""
    ids = {one.customer_id for one in rows if one.customer_id not in (None, guest.person_id)}
    there = Customer.objects.filter(workspace_id=guest.workspace.pk, pk__in=ids & set(guest.company_ids), deleted_at=None)
    brought = brought_by(guest).filter(pk__in=ids) if guest.partner_ids else []
    return {one.pk: one.name for one in [*there, *brought]}


@tickets.page("one")
def one_ticket(guest: Guest, asked: Asked, record_id: UUID) -> Page:
    """One ticket with what was said."""
    ticket = _my_ticket(guest, record_id)
    target = mine(guest).filter(pk=ticket.merged_into_id).first() if ticket.merged_into_id else None
    values = {
        "ticket": ticket, "state": _STATES[ticket.state], "hue": _HUES[ticket.state], "said": _said(guest, ticket),
        "owner": _owner(guest, ticket), "is_over": ticket.state in OVER, "is_merged": ticket.merged_into_id is not None,
        "merged_into": target, "may_close": ticket.state != "closed" and ticket.merged_into_id is None, "body": asked.get("body"),
    }  # fmt: skip
    return Page(ticket.subject, "service/portal_ticket.html", values)


def _owner(guest: Guest, ticket: Ticket) -> str:
    rows = User.objects.filter(workspace_id=guest.workspace.pk, pk=ticket.owner_id)
    name = rows.values_list("name", flat=True).first() if ticket.owner_id else None
    return first_name(name) if name else ""


def _said(guest: Guest, ticket: Ticket) -> list[Said]:
    """The conversation, oldest first: replies and answers, of this ticket and of those of the guest's merged into it."""
    fmt = guest.context().format
    merged = list(mine(guest).filter(merged_into_id=ticket.pk)[:20])
    rows = TicketEntry.objects.filter(
        workspace_id=guest.workspace.pk, deleted_at=None, ticket_id__in=[ticket.pk, *(one.pk for one in merged)],
        kind__in=("reply", "answer"),
    )  # fmt: skip
    entries = list(
        rows.order_by("-at", "-pk").values_list("kind", "body", "at", "created_at", "author_id", "person_id", "pk")[:_MOST_SAID]
    )
    files = files_for_customer(guest.context(), [ticket.pk, *(one.pk for one in merged)], [row[6] for row in entries])
    authors = User.objects.filter(workspace_id=guest.workspace.pk, pk__in={row[4] for row in entries if row[4]})
    names = {pk: first_name(name) for pk, name in authors.values_list("pk", "name")}
    found = []
    for kind, body, at, created, author, person, pk in entries:
        is_ours = kind == "reply"
        who = names.get(author) or guest.workspace.name if is_ours else _who(guest, person)
        found.append(Said(who, is_ours, plain(body), at or created, shown_as.moment(at or created, fmt), files.get(pk, ())))
    for one in [ticket, *merged]:
        if one.body or one.pk in files:
            at, who = one.opened_at or one.created_at, _who(guest, one.person_id)
            found.append(Said(who, False, plain(one.body), at, shown_as.moment(at, fmt), files.get(one.pk, ())))
    return sorted(found, key=lambda one: one.at)


@tickets.file
def file_of(guest: Guest, record_id: UUID, file_id: UUID) -> Facts:
    """A file of what was said to both sides in a ticket of theirs, or in one merged into it."""
    ticket = _my_ticket(guest, record_id)
    merged = mine(guest).filter(merged_into_id=ticket.pk).values_list("pk", flat=True)[:20]
    found = file_for_customer(guest.workspace.pk, [ticket.pk, *merged], file_id)
    if found is None:
        raise Gone
    note_quietly(guest.context(), "exported", type_key="ticket_file", record_id=file_id, format="file", columns=["file"])
    return found


def _who(guest: Guest, person_id: UUID | None) -> str:
    """Who of the customer's side: the guest themselves, or somebody else there, who is not named."""
    return _t("You") if person_id in (guest.person_id, None) else _t("Customer")


# -- writing ------------------------------------------------------------------------------------------------------------


def _queue(guest: Guest) -> UUID | None:
    """Where tickets from the portal go when there is nothing to choose: the one offered, else the first queue of the company."""
    offered = _queues(guest)
    if offered:
        return UUID(offered[0][0])
    rows = Queue.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None).order_by("position", "pk")
    return rows.values_list("pk", flat=True).first()


def _queues(guest: Guest) -> list[tuple[str, str]]:
    """The queues that customers may choose, by the names made for them."""
    rows = Queue.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None, in_portal=True).order_by("position", "pk")
    return [(str(pk), ours or name) for pk, ours, name in rows.values_list("pk", "portal_name", "name")[:_MOST_QUEUES]]


@tickets.page("new")
def new_ticket(guest: Guest, asked: Asked) -> Page:
    """The form; articles that fit are suggested while one types."""
    if _queue(guest) is None:
        raise Gone
    kinds = [(key, label) for key, label in Ticket.KINDS if key in _KINDS]
    shown = {key: asked.get(key) for key in ("subject", "body", "kind", "customer", "queue")}
    shown["kind"] = shown["kind"] if shown["kind"] in _KINDS else "question"
    queues = _queues(guest)
    values = {"shown": shown, "kinds": kinds, "customers": _in_whose_name(guest), "queues": queues if len(queues) > 1 else []}
    return Page(_t("New ticket"), "service/portal_new.html", values)


def _in_whose_name(guest: Guest) -> list[tuple[str, str]]:
    rows = Customer.objects.filter(workspace_id=guest.workspace.pk, pk__in=guest.company_ids, deleted_at=None).order_by("name")
    found = [*rows.values_list("pk", "name"), *(brought_by(guest).values_list("pk", "name")[:500] if guest.partner_ids else ())]
    return [(str(pk), name) for pk, name in dict(found).items()]


@tickets.deed("write", page="new", files=True, said=_("Your ticket is there. We answer as soon as we can."))
def write(guest: Guest, asked: Asked) -> str:
    """A new ticket, or the one that the same words made a moment ago."""
    subject, body = " ".join(asked.get("subject").split()), asked.get("body").strip()
    queue, kind, whose, chosen = _queue(guest), asked.get("kind"), asked.get("customer"), asked.get("queue")
    if queue is None:
        raise Gone
    errors = _wrong(subject, body)
    offered = dict(_queues(guest))
    if chosen in offered:
        queue = UUID(chosen)
    elif chosen and len(offered) > 1:
        errors["queue"] = _t("This is not offered any more; choose another.")
    if whose and whose not in dict(_in_whose_name(guest)):
        raise Gone
    if errors:
        raise Invalid(_t("Look at the fields marked below; what you typed is kept."), errors=errors)
    ctx = guest.context()
    customer = UUID(whose) if whose else guest.person_id
    recent = Ticket.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None, person_id=guest.person_id)
    same = recent.filter(opened_at__gte=ctx.format.now - SAME, subject=subject, body=body, customer_id=customer).first()
    made = same or ctx.create(
        "ticket", subject=subject, body=body, kind=kind if kind in _KINDS else "question", queue=queue, channel="portal",
        customer=customer, person=guest.person_id,
    )  # fmt: skip
    assert isinstance(made, Ticket)
    attach_new(ctx, made, None, asked.files)
    return str(made.pk)


def _wrong(subject: str, body: str) -> dict[str, object]:
    errors: dict[str, object] = {}
    if not subject:
        errors["subject"] = _t("Say in a few words what it is about.")
    elif len(subject) > 200:
        errors["subject"] = _t("Keep this under 200 characters.")
    if not body:
        errors["body"] = _t("Tell us what happened or what you want to know.")
    elif len(body) > LONGEST:
        errors["body"] = _t("Keep this under 10,000 characters.")
    return errors


@tickets.deed("answer", page="one", files=True, said=_("Your answer is there."))
def answer(guest: Guest, asked: Asked, record_id: UUID) -> str:
    """What the customer wrote, as if it had come by mail: a ticket that waited goes on, a solved one opens again."""
    ticket, ctx, body = _my_ticket(guest, record_id), guest.context(), asked.get("body").strip()
    if ticket.merged_into_id is not None:
        target = mine(guest).filter(pk=ticket.merged_into_id, merged_into_id=None).first()
        if target is None:
            raise Invalid(_t("This ticket is closed for good. Write a new one, please."), field="body")
        ticket = target
    if not body:
        raise Invalid(_t("Write your answer first."), field="body")
    if len(body) > LONGEST:
        raise Invalid(_t("Keep this under 10,000 characters."), field="body")
    if (said := _was_said(guest, ticket, body, ctx.format.now)) is not None:
        attach_new(ctx, ticket, said, asked.files)
        return str(ticket.pk)
    made = run_action(ctx, ticket, "hear", {"body": body, "person": str(guest.person_id), "files": list(asked.files)})
    return str(made.pk if isinstance(made, Ticket) else ticket.pk)


def _was_said(guest: Guest, ticket: Ticket, body: str, now: dt.datetime) -> TicketEntry | None:
    """These very words, if they came in a moment ago: somebody pressed twice, or forgot a file."""
    rows = TicketEntry.objects.filter(workspace_id=guest.workspace.pk, ticket_id=ticket.pk, deleted_at=None, kind="answer")
    return rows.filter(at__gte=now - SAME, person_id=guest.person_id, body=body).first()


@tickets.deed("close", page="one", said=_("The ticket is closed. You can still answer it."))
def close(guest: Guest, asked: Asked, record_id: UUID) -> str:
    """Nothing more is wanted."""
    ticket = _my_ticket(guest, record_id)
    if ticket.merged_into_id is None and ticket.state != "closed":
        run_action(guest.context(), ticket, "close", {})
    return str(ticket.pk)
