"""How far one is with one's target: won so far, beside how much of the time is gone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.money import Money
from rapport.kernel.query import read
from rapport.kernel.query.text import parse
from rapport.kernel.query.totals import totals
from rapport.kernel.records.registry import registry
from rapport.modules.sales.periods import last_day, share_gone

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_ORDER = ("month", "quarter", "year")


@dataclass(frozen=True)
class Aim:
    """A target that runs today, as its viewer may see it."""

    name: str
    user_id: UUID | None
    team_id: UUID | None
    period: str
    first: dt.date
    last: dt.date
    #: None when it counts deals.
    amount: Money | None
    deals: int

    @property
    def where(self) -> str:
        """The deals that count, in the query grammar."""
        whose = f'owner is "{self.user_id}"' if self.user_id else f'team is "{self.team_id}"'
        return f"stage.outcome is won and {whose} and closed_on between {self.first} and {self.last}"


@dataclass(frozen=True)
class Progress:
    """An aim, what is reached of it, and the sentence about both."""

    figure: str
    goal: str
    sentence: str
    #: Percent, and the mark of the time gone; the bar ends at 100.
    share: int
    bar: int
    gone: int
    name: str


def aim_of(ctx: Context) -> Aim | None:
    """The viewer's own target that runs today, else that of their team; the shortest period first. One query."""
    info = registry.get("target")
    me = ctx.viewer.user_id
    if me is None or not gate.allows(ctx, info, "view"):
        return None
    today = ctx.format.today
    mine = Q(person_id=me) if ctx.viewer.team_id is None else Q(person_id=me) | Q(for_team_id=ctx.viewer.team_id)
    rows = gate.visible(ctx, info).filter(mine, starts_on__gte=today - dt.timedelta(days=366), starts_on__lte=today)
    sees_amounts = "amount" in gate.fields(ctx, info)
    found = []
    for one in rows.order_by("-starts_on", "pk")[:60]:
        last = last_day(one.period, one.starts_on)
        by_amount = one.measure == "amount"
        if last < today or (by_amount and not sees_amounts):
            continue
        amount = info.fields["amount"].kind.load(one.amount, one.amount_currency) if by_amount else None
        if (by_amount and isinstance(amount, Money)) or one.deals:
            whose = (one.person_id, one.for_team_id)
            found.append(Aim(one.name, *whose, one.period, one.starts_on, last, amount, one.deals or 0))
    found.sort(key=lambda aim: (aim.user_id is None, _ORDER.index(aim.period)))
    return found[0] if found else None


def progress(ctx: Context, aim: Aim) -> Progress:
    """What is reached, of the deals that the viewer sees."""
    deal = registry.get("deal")
    won = totals(ctx, deal, read.filtered(ctx, deal, parse(aim.where)))
    gone = share_gone(aim.first, aim.last, ctx.format.today)
    if aim.amount is None:
        reached, goal, figure = won.count, aim.deals, won.text
        words = ngettext("won of %(goal)d deal", "won of %(goal)d deals", goal) % {"goal": goal}
        between = _apart(reached, goal, gone)
        apart = ngettext("%(count)d deal", "%(count)d deals", between) % {"count": between}
    else:
        total = won.sums.get("amount")
        reached, goal = (total.minor if isinstance(total, Money) else 0), aim.amount.minor
        figure = shown_as.money(_whole(Money(reached, aim.amount.currency)), ctx.format)
        words = _("won of %(goal)s target") % {"goal": shown_as.money(_whole(aim.amount), ctx.format)}
        apart = shown_as.money(_whole(Money(_apart(reached, goal, gone), aim.amount.currency)), ctx.format)
    share = int(100 * reached / goal)
    return Progress(figure, words, sentence_of(aim.period, share, gone, apart), share, min(share, 100), gone, aim.name)


def _apart(reached: int, goal: int, gone: int) -> int:
    """How far one is from where an even pace would be."""
    return abs(reached - round(goal * gone / 100))


def _whole(amount: Money) -> Money:
    from rapport.modules.sales.slots import whole

    return whole(amount)


def sentence_of(period: str, share: int, gone: int, apart: str) -> str:
    """"71% sold with 48% of the month gone, €6,000 ahead"."""
    named = {"share": share, "gone": gone, "apart": apart}
    if share >= 100:
        return {
            "month": _("Reached: %(share)d%% sold with %(gone)d%% of the month gone"),
            "quarter": _("Reached: %(share)d%% sold with %(gone)d%% of the quarter gone"),
            "year": _("Reached: %(share)d%% sold with %(gone)d%% of the year gone"),
        }[period] % named
    if share >= gone:
        return {
            "month": _("%(share)d%% sold with %(gone)d%% of the month gone, %(apart)s ahead"),
            "quarter": _("%(share)d%% sold with %(gone)d%% of the quarter gone, %(apart)s ahead"),
            "year": _("%(share)d%% sold with %(gone)d%% of the year gone, %(apart)s ahead"),
        }[period] % named
    return {
        "month": _("%(share)d%% sold with %(gone)d%% of the month gone, %(apart)s behind"),
        "quarter": _("%(share)d%% sold with %(gone)d%% of the quarter gone, %(apart)s behind"),
        "year": _("%(share)d%% sold with %(gone)d%% of the year gone, %(apart)s behind"),
    }[period] % named
