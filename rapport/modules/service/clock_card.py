"""How the promise of a ticket stands, in the words of the card beside it: when it is due, what is left, and why then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.engines.clocks.hours import Hours
from rapport.engines.clocks.promise import Promise, State
from rapport.kernel import format as shown_as
from rapport.modules.service.keeping import REPLIED, SOLVED, promised, stands
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import moments_of

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)
#: Amber from here on.
_SOON = dt.timedelta(hours=2)


@dataclass(frozen=True)
class ClockCard:
    """One promise, ready to show."""

    title: str
    level: str
    #: The large figure and what stands beside it.
    figure: str
    beside: str
    hue: str
    #: Of the bar: how much is used, of how much.
    used: int
    total: int
    #: "paused", "running", "broken", "kept" or "late".
    state: str
    because: list[str]
    then: str = ""
    pauses: str = ""


def clock_card(ctx: Context, ticket: Ticket) -> ClockCard | None:
    """The promise that is due first, or the last one when all are over; None when nothing was promised."""
    what = promised(ctx, ticket.queue_id, ticket.priority)
    if what is None:
        return None
    hours, promise = what
    now = ctx.format.now
    found = stands(ctx, ticket.queue_id, ticket.priority, moments_of(ctx, ticket), now)
    running = [key for key in (REPLIED, SOLVED) if key in found and found[key].done_at is None]
    key = running[0] if running else SOLVED if SOLVED in found else REPLIED
    if key not in found:
        return None
    one = found[key]
    other = found.get(SOLVED) if key == REPLIED else None
    figure, beside, hue = _left(ctx, one, now)
    return ClockCard(
        title=_title(key, one), level=_level(promise.level.name, one.because.promised), figure=figure, beside=beside, hue=hue,
        used=max(0, _minutes(one.because.promised - one.left)), total=max(1, _minutes(one.because.promised)),
        state=str(one.state), because=_because(ctx, one, hours, promise.level.hours.name), pauses=_pauses(ctx, one, hours, now),
        then=_("Solve by %(when)s") % {"when": shown_as.moment(other.due_at, ctx.format)} if other and other.due_at else "",
    )  # fmt: skip


def _level(name: str, length: dt.timedelta) -> str:
    return f"{name}, {shown_as.duration(_minutes(length))}"


def _title(key: str, one: Promise) -> str:
    words = {
        (REPLIED, False): _("First reply due"), (REPLIED, True): _("First reply"),
        (SOLVED, False): _("Solution due"), (SOLVED, True): _("Solution"),
    }  # fmt: skip
    return words[(key, one.done_at is not None)]


def _left(ctx: Context, one: Promise, now: dt.datetime) -> tuple[str, str, str]:
    """The figure, what is said beside it, and its colour. Only worked time is counted, as it was promised."""
    length = shown_as.duration(_minutes(abs(one.left)))
    if one.done_at is not None:
        at = shown_as.moment(one.done_at, ctx.format)
        if one.state is State.KEPT:
            return _("Kept"), at, "ok"
        return _("Late"), _("by %(time)s, %(at)s") % {"time": length, "at": at}, "bad"
    if one.state is State.PAUSED:
        return length, _("left, the clock stands still"), ""
    if one.state is State.BROKEN:
        at = shown_as.moment(one.due_at, ctx.format) if one.due_at else ""
        return length, _("late, was due %(at)s") % {"at": at} if at else _("late"), "bad"
    at = shown_as.moment(one.due_at, ctx.format) if one.due_at else ""
    hue = "warn" if one.left <= max(one.because.promised / 2, dt.timedelta()) else ""
    return length, _("left, due %(at)s") % {"at": at} if at else _("left"), hue


def _because(ctx: Context, one: Promise, hours: Hours, name: str) -> list[str]:
    """Why it is due then, each reason a sentence."""
    why = one.because
    said = [
        _("Promised: %(time)s of “%(hours)s” (%(zone)s), from %(begun)s.")
        % {"time": shown_as.duration(_minutes(why.promised)), "hours": name, "zone": hours.zone,
           "begun": shown_as.moment(why.begun_at, ctx.format)},
    ]  # fmt: skip
    if why.holidays:
        names = ", ".join(why.holidays)
        said.append(
            ngettext("Not counted: the holiday %(names)s.", "Not counted: the holidays %(names)s.", len(why.holidays))
            % {"names": names}
        )
    waited = _minutes(why.waited)
    if waited:
        said.append(_("Not counted: %(time)s of waiting for the customer or on hold.") % {"time": shown_as.duration(waited)})
    if one.state is State.PAUSED:
        said.append(_("The clock goes on when the customer answers."))
    elif one.due_at is None and one.done_at is None:
        said.append(_("These hours never come to so much time; look at the service hours."))
    return said


def _pauses(ctx: Context, one: Promise, hours: Hours, now: dt.datetime) -> str:
    """When the clock next stands still or goes on, when that is today or before it is due."""
    if one.state not in (State.RUNNING, State.BROKEN):
        return ""
    first = next(iter(hours.stretches(now)), None)
    if first is None:
        return ""
    start, end = first
    if start > now:
        return _("goes on %(at)s") % {"at": shown_as.moment(start, ctx.format)}
    if one.due_at is not None and now < one.due_at <= end:
        return ""
    return _("pauses at %(at)s") % {"at": shown_as.clock(end.astimezone(ctx.format.zone).time(), ctx.format)}


def due_words(ctx: Context, due_at: dt.datetime, now: dt.datetime) -> tuple[str, str]:
    """How a list says when something is due, and in which colour: "42 min", "Late 25 min", "Tomorrow"."""
    away = due_at - now
    if away <= dt.timedelta():
        if -away >= _DAY:
            days = -away // _DAY
            return ngettext("Late %(num)d day", "Late %(num)d days", days) % {"num": days}, "bad"
        return _("Late %(time)s") % {"time": shown_as.duration(_minutes(-away))}, "bad"
    if away < _SOON:
        return shown_as.duration(max(1, _minutes(away))), "warn"
    if away < _DAY and due_at.astimezone(ctx.format.zone).date() == ctx.format.today:
        return shown_as.duration(_minutes(away)), ""
    return shown_as.date(due_at.astimezone(ctx.format.zone).date(), ctx.format), ""


def _minutes(length: dt.timedelta) -> int:
    return int(length // _MINUTE)
