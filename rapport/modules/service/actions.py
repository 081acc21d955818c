"""What one does with tickets: take, answer, note, wait, solve, close, open again, put together, watch; and with complaints."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.kernel.kinds.datetime import DateTimeKind
from rapport.kernel.kinds.files import FilesKind
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.kinds.number import NumberKind
from rapport.kernel.kinds.reference import ReferenceKind
from rapport.kernel.kinds.yesno import YesNoKind
from rapport.kernel.records.registry import registry
from rapport.modules.service.aside import BACK, UNTIL, moment_of, tell_back
from rapport.modules.service.chat_out import stands_in_chat
from rapport.modules.service.complaining import next_step
from rapport.modules.service.files import Facts, attach
from rapport.modules.service.mail_out import send_reply
from rapport.modules.service.models import Complaint, Queue, SavedReply, Ticket, TicketEntry, TicketWatcher
from rapport.modules.service.moments import OVER
from rapport.modules.service.records import ComplaintType, TicketType

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_OPEN = "state is any of (new, open, waiting, held)"
_THEN = {"choices": [("wait", _("Wait for the customer")), ("stay", _("Go on working")), ("solve", _("Solved"))]}
_STATES = {"wait": "waiting", "stay": "open", "solve": "solved"}
_MINUTES = {"minimum": 0, "maximum": 10_000}


@action(TicketType, _("Take"), when=_OPEN, icon="hand", hands_over=True)
def take(ctx: Context, ticket: Ticket) -> None:
    """Make a ticket one's own and begin."""
    ctx.write(ticket, owner=ctx.viewer.user_id, state="open")


@action(TicketType, _("Reply"), when=_OPEN, icon="reply", bulk=False)
def reply(
    ctx: Context, ticket: Ticket, *, body: str = Input(LongTextKind, _("reply")),
    then: str = Input(ChoiceKind, _("afterwards"), default="wait", options=_THEN),
    minutes: int | None = Input(NumberKind, _("minutes spent"), required=False, options=_MINUTES),
    saved: UUID | None = Input(ReferenceKind, _("saved reply"), required=False, to="saved_reply"),
    only_note: bool = Input(YesNoKind, _("only write down, send nothing"), required=False, default=False),
    files: list[Facts] | None = Input(FilesKind, _("files"), required=False),
) -> None:  # fmt: skip
    """Answer the customer; the first reply stops its clock. A saved reply that was used sets what it says. Where the queue
    has a mailbox and the customer an address, it leaves by mail after ten seconds; to the visitor of a chat who is here
    it is said there, unless it has files."""
    entry = _entry(ctx, ticket, "reply", body, minutes, files)
    if not only_note and (files or not stands_in_chat(ctx, ticket, entry)):
        send_reply(ctx, ticket, entry, files or ())
    values: dict[str, object] = {"state": _STATES[then], "heard_at": None}
    if ticket.replied_at is None:
        values["replied_at"] = ctx.format.now
    if ticket.owner_id is None and ctx.viewer.user_id is not None:
        values["owner"] = ctx.viewer.user_id
    used = gate.visible(ctx, registry.get("saved_reply")).filter(pk=saved).first() if saved is not None else None
    if isinstance(used, SavedReply):
        if used.priority:
            values["priority"] = used.priority
        if used.tags:
            values["tags"] = list(dict.fromkeys([*(ticket.tags or []), *used.tags]))
    # The right to reply covers all that follows from a reply, also what nobody may set by hand.
    ctx.as_system("reply").write(ticket, **values)


@action(TicketType, _("Internal note"), icon="lock", bulk=False)
def note(
    ctx: Context, ticket: Ticket, *, body: str = Input(LongTextKind, _("note")),
    minutes: int | None = Input(NumberKind, _("minutes spent"), required=False, options=_MINUTES),
    files: list[Facts] | None = Input(FilesKind, _("files"), required=False),
) -> None:  # fmt: skip
    """Write down what only colleagues read."""
    _entry(ctx, ticket, "note", body, minutes, files)


@action(TicketType, _("Customer wrote"), icon="message-circle", bulk=False)
def hear(
    ctx: Context, ticket: Ticket, *, body: str = Input(LongTextKind, _("what the customer wrote or said")),
    person: UUID | None = Input(ReferenceKind, _("written by"), required=False, to="customer"),
    files: list[Facts] | None = Input(FilesKind, _("files"), required=False),
) -> Ticket | None:  # fmt: skip
    """Put in what the customer answered. A ticket that waited goes on; one that was solved opens again, and when that was
    longer ago than its queue allows, a new ticket begins that is linked to it."""
    if ticket.merged_into_id is not None:
        raise Invalid(_t("This ticket was merged into another; write it there."), code="merged", field="body")
    system = ctx.as_system("customer wrote")
    if ticket.state in OVER and _is_too_late(ctx, ticket):
        made = system.create(
            "ticket", subject=ticket.subject, body=body, kind=ticket.kind, priority=ticket.priority, queue=ticket.queue_id,
            customer=ticket.customer_id, person=person or ticket.person_id, channel=ticket.channel, product=ticket.product,
            category=ticket.category, owner=ticket.owner_id,
        )  # fmt: skip
        assert isinstance(made, Ticket)
        attach(ctx, made, None, files)
        return system.write(made, follows=ticket.pk, heard_at=ctx.format.now)  # type: ignore[return-value]
    values = {"ticket": ticket.pk, "kind": "answer", "body": body, "person": person or ticket.person_id}
    entry = system.create("ticket_entry", **{key: value for key, value in values.items() if value is not None})
    assert isinstance(entry, TicketEntry)
    attach(ctx, ticket, entry, files)
    heard: dict[str, object] = {"heard_at": ticket.heard_at or ctx.format.now}
    if ticket.aside_since is not None:
        tell_back(ctx, ticket)
        heard |= BACK
    system.write(ticket, **heard, **({} if ticket.state == "new" else {"state": "open"}))
    return None


def _is_too_late(ctx: Context, ticket: Ticket) -> bool:
    days = Queue.objects.filter(workspace_id=ctx.workspace.pk, pk=ticket.queue_id).values_list("reopen_days", flat=True).first()
    return ticket.solved_at is not None and ctx.format.now - ticket.solved_at > dt.timedelta(days=days or 0)


@action(TicketType, _("Wait for the customer"), when="state is any of (new, open)", icon="hourglass")
def wait(ctx: Context, ticket: Ticket) -> None:
    """The customer has to answer first; the clocks stand still."""
    ctx.write(ticket, state="waiting")


@action(TicketType, _("Hold"), when="state is any of (new, open)", icon="pause")
def hold(ctx: Context, ticket: Ticket) -> None:
    """Something else has to happen first; the clocks stand still."""
    ctx.write(ticket, state="held")


@action(TicketType, _("Go on"), when="state is any of (waiting, held)", icon="play")
def resume(ctx: Context, ticket: Ticket) -> None:
    """Go on working; the clocks go on."""
    ctx.write(ticket, state="open")


@action(TicketType, _("Put aside"), when=_OPEN, icon="alarm-clock", bulk=True)
def put_aside(
    ctx: Context, ticket: Ticket, *,
    until: str = Input(ChoiceKind, _("until"), default="tomorrow", options={"choices": UNTIL}),
    at: dt.datetime | None = Input(DateTimeKind, _("day and time"), required=False),
) -> None:  # fmt: skip
    """Leave it out of the lists of work for a while. It comes back by itself, at the latest when the customer answers; what was
    promised to the customer stays promised."""
    moment = moment_of(ctx, until, at)
    if moment is not None and moment <= ctx.format.now:
        raise Invalid(_t("This moment is over; choose a later one."), field="at")
    values = {"aside_since": ctx.format.now, "aside_until": moment, "aside_by": ctx.viewer.user_id}
    ctx.as_system("put aside").write(ticket, **values)


@action(TicketType, _("Bring back"), when="aside_since is not empty", icon="undo-2", bulk=True)
def bring_back(ctx: Context, ticket: Ticket) -> None:
    """Put it among the work again."""
    ctx.as_system("put aside").write(ticket, **BACK)


@action(TicketType, _("Solve"), when=_OPEN, icon="check")
def solve(
    ctx: Context, ticket: Ticket, *,
    answer: str | None = Input(LongTextKind, _("how it was solved"), required=False),
    children: bool = Input(YesNoKind, _("solve its parts too"), required=False, default=False),
) -> None:  # fmt: skip
    """It is solved; the customer may say otherwise."""
    values = {"state": "solved", **({"answer": answer} if answer else {})}
    ctx.write(ticket, **values)
    if children:
        parts = gate.visible(ctx, registry.get("ticket"), "solve").filter(parent_id=ticket.pk)
        for part in parts.exclude(state__in=OVER)[:200]:
            ctx.acting("solve", [part.pk]).write(part, **values)


@action(TicketType, _("Close"), when=_OPEN + " or state is solved", icon="archive")
def close(ctx: Context, ticket: Ticket) -> None:
    """Nothing more comes of it."""
    ctx.write(ticket, state="closed")


@action(TicketType, _("Open again"), when="state is any of (solved, closed) and merged_into is empty", icon="undo-2")
def reopen(ctx: Context, ticket: Ticket) -> None:
    """It is not solved after all: the clock of the solution goes on where it stood."""
    ctx.write(ticket, state="open")


@action(TicketType, _("Merge"), when="merged_into is empty", icon="merge", bulk=False)
def join(ctx: Context, ticket: Ticket, *, into: UUID = Input(ReferenceKind, _("merge into"), to="ticket")) -> Ticket:
    """Put a ticket together with another about the same: it is closed, and what was written in it shows there."""
    target = gate.get(ctx, registry.get("ticket"), into, "join")
    assert isinstance(target, Ticket)
    if target.pk == ticket.pk:
        raise Invalid(_t("A ticket cannot be merged into itself; choose another."), code="itself", field="into")
    if target.merged_into_id is not None:
        raise Invalid(_t("That ticket was merged into another itself; choose that one."), code="merged", field="into")
    if Ticket.objects.filter(workspace_id=ctx.workspace.pk, merged_into_id=ticket.pk, deleted_at=None).exists():
        raise Invalid(_t("Other tickets were merged into this one; take them out first."), code="merged", field="into")
    ctx.write(ticket, state="closed")
    ctx.as_system("merge").write(ticket, merged_into=target.pk)
    return target


@action(TicketType, _("Take out again"), when="merged_into is not empty", icon="undo-2", bulk=False)
def part(ctx: Context, ticket: Ticket) -> None:
    """Make a merged ticket one of its own again."""
    ctx.as_system("merge").write(ticket, merged_into=None)
    ctx.write(ticket, state="open")


@action(TicketType, _("Watch"), icon="eye")
def watch(ctx: Context, ticket: Ticket) -> None:
    """Hear of what is written in a ticket; a second time ends it."""
    mine = TicketWatcher.objects.filter(
        workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, person_id=ctx.viewer.user_id, deleted_at=None
    ).first()
    system = ctx.as_system("watching")
    if mine is not None:
        system.delete(mine)
    else:
        system.create("ticket_watcher", ticket=ticket.pk, person=ctx.viewer.user_id)


@action(ComplaintType, _("Next step"), when="step is not learned", icon="arrow-right")
def advance(
    ctx: Context, complaint: Complaint, *,
    step: str = Input(ChoiceKind, _("step that is done"), options={"choices": Complaint.STEPS}),
) -> None:  # fmt: skip
    """The step is done; the next one begins. The step is named, so that a second press does not skip one."""
    if step != complaint.step:
        raise Invalid(_t("Somebody was faster: this complaint is at another step by now."), code="not_now", field="step")
    after = next_step(complaint)
    if after == "made_good" and not complaint.made_good_by:
        sentence = _t("Say first how it was made good: refund, credit, replacement or apology.")
        raise Invalid(sentence, code="made_good", field="made_good_by")
    ctx.write(complaint, step=after)


def _entry(
    ctx: Context, ticket: Ticket, kind: str, body: str, minutes: int | None, files: list[Facts] | None = None
) -> TicketEntry:
    """Written by whoever may do the action, also where entries of others are closed to them."""
    values = {"ticket": ticket.pk, "kind": kind, "body": body, "minutes": minutes, "author": ctx.viewer.user_id}
    entry = ctx.as_system("entry").create("ticket_entry", **{key: value for key, value in values.items() if value is not None})
    if minutes:
        ctx.as_system("time spent").write(ticket, minutes=ticket.minutes + minutes)
    assert isinstance(entry, TicketEntry)
    attach(ctx, ticket, entry, files)
    return entry
