"""What the day page shows of sales: the pulse of the pipeline, deals going quiet, leads that wait for an answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.money import Money, minor_digits
from rapport.kernel.query import read
from rapport.kernel.query.board import Column, read_board
from rapport.kernel.query.text import parse
from rapport.kernel.query.totals import totals
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.sales.targets import aim_of, progress

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MOST_STAGES, _MOST_QUIET, _MOST_LEADS, _OWN_DEALS, _MOST_READ = 6, 4, 5, 200, 200


@dataclass(frozen=True)
class Bar:
    """One open stage: how much waits there, and its share of the bar in tenths."""

    name: str
    shown: str
    share: int
    hue: int
    title: str


@dataclass(frozen=True)
class QuietDeal:
    """An open deal without contact for longer than its stage allows."""

    name: str
    url: str
    detail: str
    days: int
    is_bad: bool


@dataclass(frozen=True)
class WaitingLead:
    """A new lead that nobody has taken up."""

    name: str
    url: str
    detail: str
    age: str
    is_old: bool
    take_up: str


@slot("home.aside", order=10)
def pipeline_pulse(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """What was won this month, and the open value by stage; without amounts the numbers of deals."""
    deal, stage = registry.get("deal"), registry.get("stage")
    if not gate.allows(ctx, deal, "view") or not gate.allows(ctx, stage, "view"):
        return None
    stages = open_stages(ctx, stage)
    columns = read_board(ctx, deal, stages, limit=0)
    aim = aim_of(ctx)
    values = {
        "bars": bars(ctx, columns, "amount" in gate.fields(ctx, deal)),
        "link": _("Open board"),
        "open": sum(one.count for one in columns),
        "aim": progress(ctx, aim) if aim is not None else None,
        **(won_this_month(ctx, deal) if aim is None else {}),
    }
    return Panel(_("Pipeline pulse"), "sales/pulse.html", values, url=f"{deal.url}board")


def won_this_month(ctx: Context, deal: TypeInfo) -> dict[str, object]:
    """What was won since the first of the month, for whoever has no target."""
    first = ctx.format.today.replace(day=1).isoformat()
    won = totals(ctx, deal, read.filtered(ctx, deal, parse(f"stage.outcome is won and closed_on >= {first}")))
    amount = won.sums.get("amount")
    if "amount" not in gate.fields(ctx, deal):
        return {"figure": won.text, "won": _("deals won this month")}
    words = ngettext("won this month in %(count)s deal", "won this month in %(count)s deals", won.count) % {"count": won.text}
    return {"figure": shown_as.money(whole(amount), ctx.format) if isinstance(amount, Money) else "0", "won": words}


def whole(amount: Money) -> Money:
    """Without cents: a figure to look at, not to book."""
    unit = 10 ** minor_digits(amount.currency)
    return Money(round(amount.minor / unit) * unit, amount.currency)


def all_stages(ctx: Context, stage: TypeInfo) -> list[Record]:
    """The stages of living pipelines in their order, read once per page: panels ask for them again and again."""
    found = ctx.memory.get("all stages")
    if not isinstance(found, list):
        rows = gate.visible(ctx, stage).filter(pipeline__deleted_at=None)
        found = ctx.memory["all stages"] = list(rows.order_by("pipeline__position", "pipeline_id", "position", "id")[:_MOST_READ])
    return found


def open_stages(ctx: Context, stage: TypeInfo) -> list[Record]:
    """The open stages of the first pipeline, in their order."""
    found = [one for one in all_stages(ctx, stage) if one.outcome == "open"]  # type: ignore[attr-defined]
    return [one for one in found if one.pipeline_id == found[0].pipeline_id][:_MOST_STAGES]  # type: ignore[attr-defined]


def bars(ctx: Context, columns: Sequence[Column], sees_amounts: bool) -> list[Bar]:
    """The stages as parts of one bar."""
    sizes = []
    for one in columns:
        amount = one.sums.get("amount")
        sizes.append(amount.minor if isinstance(amount, Money) else 0) if sees_amounts else sizes.append(one.count)
    most = max(sizes, default=0)
    found = []
    for at, (one, size) in enumerate(zip(columns, sizes, strict=True)):
        amount = one.sums.get("amount")
        shown = (
            shown_as.money_short(amount, ctx.format) if isinstance(amount, Money) else str(one.count) if not sees_amounts else "–"
        )
        hue = 2 + round(at * 3 / max(len(columns) - 1, 1))
        name = str(one.record.name)  # type: ignore[attr-defined]
        title = _("%(stage)s: %(count)d deals, %(amount)s") % {"stage": name, "count": one.count, "amount": shown}
        found.append(Bar(name, shown, max(3, round(10 * size / most)) if most and size else 3, hue, title))
    return found


@slot("home.aside", order=20)
def going_quiet(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """My open deals without contact for longer than their stage allows, the longest first."""
    deal, stage, customer = registry.get("deal"), registry.get("stage"), registry.get("customer")
    if not gate.allows(ctx, deal, "view"):
        return None
    where = parse("owner is me and stage.outcome is open")
    page = read.read_page(
        ctx,
        deal,
        where=where,
        fields=("name", "customer", "amount", "stage", "moved_at", "created_at"),
        limit=_OWN_DEALS,
    )
    patience = {one.pk: one.quiet_days for one in all_stages(ctx, stage)}  # type: ignore[attr-defined]
    wanted = [pk for pk in {row.values.get("customer") for row in page.rows} if isinstance(pk, UUID)]
    customers = read.read_ids(ctx, customer, wanted, (customer.declared.title, "last_contact_at")) if wanted else {}
    found = [one for row in page.rows if (one := _quiet(ctx, row, customers, patience)) is not None]
    if not found:
        return None
    found.sort(key=lambda one: -one.days)
    return Panel(_("Deals going quiet"), "sales/quiet.html", {"deals": found[:_MOST_QUIET]}, count=str(len(found)))


def _quiet(
    ctx: Context, row: read.Row, customers: Mapping[UUID, read.Row], patience: Mapping[UUID, int]
) -> QuietDeal | None:  # fmt: skip
    """The line of a deal that nobody touched for as long as its stage allows; None for one that is not quiet."""
    times = (row.values.get("moved_at"), row.values.get("created_at"), _of(customers, row, "last_contact_at"))
    last = max((at for at in times if isinstance(at, dt.datetime)), default=ctx.format.now)
    days, allowed = (ctx.format.now - last).days, patience.get(row.values.get("stage"), 7)  # type: ignore[arg-type]
    if days < allowed:
        return None
    name = _of(customers, row, registry.get("customer").declared.title)
    url = registry.get("deal").record_url(row.id)
    return QuietDeal(str(row.values.get("name") or ""), url, _detail(ctx, row, name), days, days >= 2 * allowed)


def _of(customers: Mapping[UUID, read.Row], row: read.Row, key: str) -> object:
    """What is known of a deal's customer, when the viewer may see it."""
    one = customers.get(row.values.get("customer"))  # type: ignore[arg-type]
    return one.values.get(key) if one is not None else None


def _detail(ctx: Context, row: read.Row, customer: object) -> str:
    amount = row.values.get("amount")
    parts = [str(customer or ""), shown_as.money(amount, ctx.format) if isinstance(amount, Money) else ""]
    return " · ".join(part for part in parts if part)


@slot("home.main", order=40)
def waiting_leads(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """New leads that nobody has taken up, the oldest first."""
    lead = registry.get("lead")
    if not gate.allows(ctx, lead, "view"):
        return None
    where = parse("state is new")
    page = read.read_page(
        ctx,
        lead,
        where=where,
        sort="created_at",
        fields=("name", "company", "interest", "created_at"),
        limit=_MOST_LEADS,
    )
    if not page.rows:
        return None
    may = gate.allows(ctx, lead, "work")
    found = []
    for row in page.rows:
        came = row.values.get("created_at")
        age = shown_as.relative(came, ctx.format) if isinstance(came, dt.datetime) else ""
        old = isinstance(came, dt.datetime) and ctx.format.now - came > dt.timedelta(days=1)
        detail = " · ".join(str(row.values[k]) for k in ("company", "interest") if row.values.get(k))
        url = lead.record_url(row.id)
        found.append(WaitingLead(str(row.values.get("name") or ""), url, detail, age, old, f"{url}/do/work" if may else ""))
    count = f"{len(found)}+" if page.next else str(len(found))
    return Panel(_("New leads"), "sales/leads.html", {"leads": found, "link": _("All leads")}, count=count, url=lead.url)
