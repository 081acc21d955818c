"""Cards and column heads of a board, ready to show: amounts, next steps and how long nothing happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.engines.timeline.latest import last_happened
from rapport.engines.words.layouts import shown_fields
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.query.board import Column
from rapport.kernel.query.read import Page, Row, load_titles, read_page
from rapport.kernel.query.tree import Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.stages import column_title, value_of

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Fields a card reads besides those the board declares, where the type has them.
_LATEST = 8
_HAPPENED = "happened around cards"
_EXTRA = ("next_step", "next_step_on", "owner", "moved_at")


@dataclass(frozen=True)
class Card:
    """One card."""

    id: UUID
    version: int
    url: str
    title: str
    figure: SafeString | str
    about: str
    about_shape: str
    owner: str
    #: "none", "late", "today", "soon", or "" for types without a next step.
    step: str
    step_text: str
    quiet_days: int
    #: "", "warn", "bad".
    quiet: str


@dataclass(frozen=True)
class ShownColumn:
    """One column: its head counts everything, its cards are the first page."""

    id: UUID
    title: str
    count: int
    figure: SafeString | str
    outcome: str
    probability: int | None
    quiet_days: int | None
    cards: list[Card] = field(default_factory=list)
    more: str | None = None
    #: Of a folded column: the last few that came there.
    latest: list[Card] = field(default_factory=list)
    #: The count as it is shown: "10,000+" past the cap.
    text: str = ""
    #: What the field of the columns holds for cards in this one.
    value: str = ""


def card_fields(ctx: Context, info: TypeInfo) -> list[str]:
    """The field keys a page of cards reads."""
    board = info.declared.board
    assert board is not None
    readable = shown_fields(ctx, info)
    return [k for k in dict.fromkeys([info.declared.title, *board.card, *_EXTRA]) if k in readable]


def prepare(ctx: Context, pages: Sequence[Page | None]) -> None:
    """Read once for the cards of all columns: the titles they refer to, and when something last happened there."""
    some = [page for page in pages if page is not None]
    rows = [row for page in some for row in page.rows]
    load_titles(ctx, rows, some[0].fields if some else [])
    day_ago = ctx.format.now - dt.timedelta(days=1)
    still = [row.id for row in rows if isinstance(at := row.values.get("moved_at"), dt.datetime) and at < day_ago]
    ctx.memory[_HAPPENED] = last_happened(ctx, still)


def latest_page(ctx: Context, info: TypeInfo, one: Column, where: Node | None) -> Page | None:
    """The last few cards of a folded column (won, lost), newest first."""
    board = info.declared.board
    assert board is not None
    if one.page is not None or not one.count or getattr(one.record, "node", None):
        return None
    base = gate.visible(ctx, info).filter(**{info.fields[board.by].path: one.record.pk})
    return read_page(
        ctx, info, where=where, sort="-updated_at", fields=card_fields(ctx, info), limit=_LATEST, base=base
    )


def shown_column(ctx: Context, info: TypeInfo, one: Column, *, latest: Page | None) -> ShownColumn:
    """A column of the board."""
    sums = [f for f in shown_fields(ctx, info).values() if f.total == "sum" and f.source == "column"]
    found = one.sums.get(sums[0].key) if sums else None
    figure = sums[0].kind.figure(found, ctx.format) if sums and found is not None else ""
    outcome = str(getattr(one.record, "outcome", "open") or "open")
    chance = getattr(one.record, "probability", None)
    quiet = getattr(one.record, "quiet_days", None)
    return ShownColumn(
        one.record.pk,
        column_title(one.record),
        one.count,
        figure,
        outcome,
        int(chance) if chance is not None else None,
        quiet if isinstance(quiet, int) and outcome == "open" else None,
        shown_cards(ctx, info, one.page, one.record) if one.page else [],
        one.page.next if one.page else None,
        shown_cards(ctx, info, latest, one.record) if latest else [],
        one.text,
        value_of(one.record),
    )


def shown_cards(ctx: Context, info: TypeInfo, page: Page, column: Record) -> list[Card]:
    """The cards of a page, after `prepare`."""
    there = set(card_fields(ctx, info))
    fields = [one for one in page.fields if one.key in there]
    return [_card(ctx, info, row, fields, column) for row in page.rows]


def _card(ctx: Context, info: TypeInfo, row: Row, fields: Sequence[Field], column: Record) -> Card:
    by_key = {f.key: f for f in fields}
    title_field = by_key.get(info.declared.title)
    title = title_field.kind.text(row.values.get(title_field.key), ctx.format) if title_field else ""
    money = next((f for f in fields if f.kind.summable and not f.kind.blank(row.values.get(f.key))), None)
    about_field = next(
        (f for f in fields if f.to and f.to not in ("user", "team") and f.key != info.declared.title), None
    )
    about = ctx.format.titles.get((about_field.to, row.values.get(about_field.key))) if about_field else None  # type: ignore[arg-type]
    owner = ctx.format.titles.get(("user", row.values.get("owner"))) if "owner" in by_key else None  # type: ignore[arg-type]
    step, step_text = _step(ctx, row)
    days, quiet = _quiet(ctx, row, column)
    return Card(
        row.id,
        row.version,
        info.record_url(row.id),
        title or str(info.label),
        money.kind.cell(row.values[money.key], ctx.format) if money else "",
        about.text if about else "",
        about.shape if about else "",
        owner.text if owner else "",
        step if "next_step_on" in by_key else "",
        step_text,
        days,
        quiet,
    )


def _step(ctx: Context, row: Row) -> tuple[str, str]:
    """How the next step stands, and its words."""
    on, what = row.values.get("next_step_on"), str(row.values.get("next_step") or "")
    if not isinstance(on, dt.date):
        return ("soon", what) if what else ("none", _("No next step"))
    away = (on - ctx.format.today).days
    if away < 0:
        return "late", _("%(step)s, overdue") % {"step": what or _("Next step")}
    when = shown_as.date(on, ctx.format)
    when = when.lower() if away in (0, 1) else when
    return ("today" if away == 0 else "soon"), _("%(step)s, %(when)s") % {"step": what or _("Next step"), "when": when}


def _quiet(ctx: Context, row: Row, column: Record) -> tuple[int, str]:
    """Days without a move or a contact, against what the column allows: amber after them, red after twice as many."""
    allowed, since = getattr(column, "quiet_days", None), row.values.get("moved_at")
    if not isinstance(allowed, int) or not allowed or not isinstance(since, dt.datetime):
        return 0, ""
    if str(getattr(column, "outcome", "open")) != "open":
        return 0, ""
    happened = ctx.memory.get(_HAPPENED)
    assert isinstance(happened, dict)
    days = (ctx.format.now - max(since, happened.get(row.id, since))).days
    return days, "bad" if days > allowed * 2 else "warn" if days > allowed else ""
