"""Finding the free times of a page, and the page of an address."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

from rapport.engines.booking.models import Booking, PublicBooking
from rapport.engines.booking.registry import Moments, keeper
from rapport.engines.booking.slots import Rules, free_slots
from rapport.engines.calendar.reading import Event, read_events
from rapport.engines.clocks.hours import Hours
from rapport.engines.clocks.typed import spans
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import User

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_DAY = dt.timedelta(days=1)


def open_page(key: str) -> PublicBooking | None:
    """The page at an address, when it is open and its owner works here: the one question asked outside of any workspace."""
    with unscoped("the workspace of a booking page is known by its address only"):
        found = PublicBooking.objects.select_related("workspace").filter(key=key, is_open=True).first()
    if found is None:
        return None
    with use_workspace(found.workspace_id):
        people = User.objects.filter(workspace_id=found.workspace_id, pk=found.user_id, is_active=True, deleted_at=None)
        return found if people.exists() else None


def booking_address(ctx: Context) -> str:
    """Where the viewer can be booked; "" when no page of theirs is open."""
    if ctx.viewer.user_id is None:
        return ""
    rows = PublicBooking.objects.filter(workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, is_open=True)
    key = rows.order_by("pk").values_list("key", flat=True).first()
    return f"{settings.BASE_URL or 'http://localhost'}/book/{key}" if key else ""


def zone_of(ctx: Context, page: PublicBooking) -> str:
    """The zone by whose clock the page's hours are meant: its owner's."""
    given = User.objects.filter(workspace_id=ctx.workspace.pk, pk=page.user_id).values_list("time_zone", flat=True).first()
    return known_zone(given or "") or known_zone(ctx.workspace.time_zone) or "UTC"


def known_zone(name: str) -> str:
    """A time zone's name, "" for what is none."""
    return name if name in available_timezones() else ""


def free_times(
    ctx: Context, page: PublicBooking, minutes: int, first: dt.date, last: dt.date, *, besides: object = None
) -> list[dt.datetime]:
    """The moments at which a meeting of this length can begin, from one day to another by the calendar of the page's zone.
    Inside the workspace, with a system context; `besides` is a meeting that does not count, because it is moved."""
    zone = zone_of(ctx, page)
    now = dt.datetime.now(dt.UTC)
    today = now.astimezone(ZoneInfo(zone)).date()
    first, last = max(first, today), min(last, today + dt.timedelta(days=int(page.shown["ahead"])))
    if first > last:
        return []
    edge = dt.datetime.combine(first, dt.time(), dt.UTC)
    until = dt.datetime.combine(last, dt.time(), dt.UTC) + 2 * _DAY
    events = read_events(ctx, first - _DAY, last + 2 * _DAY, [page.user_id], most=2_000).found
    taken = [one for one in events if not one.is_dated and one.id != besides]
    others = keeper().busy(ctx, page.user_id, edge - _DAY, until)
    off = {dt.date.fromisoformat(one) for one in page.shown["days_off"]} | keeper().days_off(ctx, page.user_id, first, last)
    rules = Rules(
        hours=Hours(zone, tuple(spans(str(one)) for one in page.shown["week"]), dict.fromkeys(off, "")), minutes=minutes,
        before=int(page.shown["before"]), after=int(page.shown["after"]), most_a_day=int(page.shown["most"]),
        earliest=now + dt.timedelta(hours=int(page.shown["notice"])), latest=now + dt.timedelta(days=int(page.shown["ahead"])),
    )  # fmt: skip
    return free_slots(rules, first, last, _moments(taken, others), _booked(ctx, page, taken, zone))


def _moments(events: Sequence[Event], others: Sequence[Moments]) -> list[Moments]:
    return [*((one.start.astimezone(dt.UTC), one.end.astimezone(dt.UTC)) for one in events), *others]


def _booked(ctx: Context, page: PublicBooking, events: Sequence[Event], zone: str) -> Counter[dt.date]:
    """Bookings by day, as they stand now."""
    if not page.shown["most"]:
        return Counter()
    ids = [one.id for one in events]
    rows = Booking.objects.filter(workspace_id=ctx.workspace.pk, page_id=page.record_id, meeting_id__in=ids)
    booked = set(rows.values_list("meeting_id", flat=True))
    return Counter(one.start.astimezone(ZoneInfo(zone)).date() for one in events if one.id in booked)
