"""What stands beside a ticket: the customer and what to know before one calls, earlier tickets, parts, the complaint's steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.read import mark_shape, read_ids
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import panels
from rapport.kernel.slots.briefing import BriefLine
from rapport.modules.service.complaining import POLICY
from rapport.modules.service.models import Complaint, Ticket
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MOST_BEFORE = 5
_MOST_BRIEF = 8
_WORDS = 60


@dataclass(frozen=True)
class WhoCard:
    """The customer, or the person who asked."""

    name: str
    url: str
    shape: str
    remark: str
    reach: list[tuple[str, str]]
    brief: list[BriefLine]


@dataclass(frozen=True)
class OtherTicket:
    """A line that leads to another ticket."""

    subject: str
    url: str
    remark: str
    is_over: bool
    id: UUID | None = None
    number: int = 0


@dataclass(frozen=True)
class Step:
    """A step of a complaint."""

    label: str
    policy: str
    is_done: bool
    is_now: bool


@dataclass(frozen=True)
class ComplaintCard:
    """A complaint with its steps."""

    url: str
    steps: list[Step]
    answer_by: str
    is_late: bool
    made_good: str
    may_go_on: bool
    step: str


def who_cards(ctx: Context, ticket: Ticket) -> list[WhoCard]:
    """The customer first, then the person who asked; whom the viewer may not see is not there."""
    info = registry.get("customer")
    ids = [one for one in dict.fromkeys([ticket.customer_id, ticket.person_id]) if one is not None]
    if not ids or not gate.allows(ctx, info, "view"):
        return []
    keys = [key for key in ("name", "kind", "stage", "emails", "phones") if key in gate.fields(ctx, info)]
    rows = read_ids(ctx, info, ids, keys)
    records = {one.pk: one for one in gate.visible(ctx, info).filter(pk__in=list(rows))}
    found = []
    for number, pk in enumerate(one for one in ids if one in rows and one in records):
        row = rows[pk]
        lines = [] if number else [
            line for panel in panels(ctx, "record.brief", info, records[pk]) for line in panel.values.get("lines", ())  # type: ignore[attr-defined]
        ]  # fmt: skip
        stage = row.values.get("stage")
        remark = info.fields["stage"].kind.text(stage, ctx.format) if stage else ""
        found.append(
            WhoCard(
                str(row.values.get("name") or ""), info.record_url(pk), mark_shape(info, row.is_person), remark,
                _reach(row.values), lines[:_MOST_BRIEF],
            )
        )  # fmt: skip
    return found


def _reach(values: object) -> list[tuple[str, str]]:
    """(text, link) of the first phone and the first e-mail address."""
    found = []
    for key, scheme in (("phones", "tel:"), ("emails", "mailto:")):
        entries = values.get(key)  # type: ignore[attr-defined]
        if isinstance(entries, list) and entries and isinstance(entries[0], dict):
            value = str(entries[0].get("value", ""))
            found.append((value, scheme + value.replace(" ", "")))
    return found


def seen_before(ctx: Context, ticket: Ticket) -> list[OtherTicket]:
    """The latest other tickets of the same customer, or of the same person, one query by the index of each."""
    info = registry.get("ticket")
    name, value = ("customer_id", ticket.customer_id) if ticket.customer_id else ("person_id", ticket.person_id)
    if value is None:
        return []
    rows = gate.visible(ctx, info).filter(**{name: value}).exclude(pk=ticket.pk).order_by("-opened_at", "-id")
    return [_line(ctx, one) for one in rows[:_MOST_BEFORE]]  # type: ignore[arg-type]


def parts_of(ctx: Context, ticket: Ticket) -> list[OtherTicket]:
    """The tickets that are part of this one."""
    rows = gate.visible(ctx, registry.get("ticket")).filter(parent_id=ticket.pk).order_by("id")[:20]
    return [_line(ctx, one) for one in rows]  # type: ignore[arg-type]


def merged_in(ctx: Context, ticket: Ticket) -> list[Ticket]:
    """The tickets that were merged into this one."""
    rows = gate.visible(ctx, registry.get("ticket")).filter(merged_into_id=ticket.pk).order_by("id")
    return list(rows[:20])  # type: ignore[arg-type]


def lines_of(ctx: Context, tickets: Sequence[Ticket]) -> list[OtherTicket]:
    """Tickets as lines."""
    return [_line(ctx, one) for one in tickets]


def ties_of(ctx: Context, ticket: Ticket) -> dict[str, OtherTicket]:
    """The tickets this one is part of, follows, or was merged into, by the name of the tie."""
    info = registry.get("ticket")
    wanted = {"parent": ticket.parent_id, "follows": ticket.follows_id, "merged_into": ticket.merged_into_id}
    ids = {one for one in wanted.values() if one is not None}
    if not ids:
        return {}
    there = {one.pk: one for one in gate.visible(ctx, info).filter(pk__in=ids)}
    return {key: _line(ctx, there[pk]) for key, pk in wanted.items() if pk in there}  # type: ignore[index, arg-type]


def _line(ctx: Context, one: Ticket) -> OtherTicket:
    at = one.solved_at or one.opened_at or one.created_at
    day = shown_as.date(at.astimezone(ctx.format.zone).date(), ctx.format)
    words = " ".join((one.answer or "").split())
    short = words if len(words) <= _WORDS else words[: _WORDS - 1].rstrip() + "…"
    is_over = one.state in OVER
    remark = f"{day} · {short}" if short else day if is_over else f"{day} · {one.get_state_display()}"  # type: ignore[attr-defined]
    return OtherTicket(one.subject, registry.get("ticket").record_url(one.pk), remark, is_over, one.pk, one.number or 0)


def complaint_card(ctx: Context, ticket: Ticket) -> ComplaintCard | None:
    """The complaint of a ticket that is one."""
    info = registry.get("complaint")
    if ticket.kind != "complaint" or not gate.allows(ctx, info, "view"):
        return None
    one = gate.visible(ctx, info).filter(ticket_id=ticket.pk).order_by("id").first()
    if not isinstance(one, Complaint):
        return None
    labels, keys = dict(Complaint.STEPS), list(POLICY)
    at = keys.index(one.step)
    steps = [Step(str(labels[key]), str(POLICY[key]), n < at or one.step == keys[-1], n == at) for n, key in enumerate(keys)]
    by = one.answer_by
    is_late = bool(by and by < ctx.format.today and at < keys.index("answered"))
    fields = gate.fields(ctx, info)
    good = str(one.get_made_good_by_display()) if one.made_good_by else ""  # type: ignore[attr-defined]
    if "amount" in fields and one.amount is not None:
        paid = fields["amount"].kind.figure(read_value(one, fields["amount"]), ctx.format)
        good = " · ".join(filter(None, (good, str(paid))))
    return ComplaintCard(
        info.record_url(one.pk), steps, shown_as.date(by, ctx.format) if isinstance(by, dt.date) else "", is_late, good,
        one.step != keys[-1] and gate.may(ctx, info, one, "advance"), one.step,
    )  # fmt: skip
