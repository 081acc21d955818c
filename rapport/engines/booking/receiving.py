"""What a visitor does: books a free time, moves the meeting, calls it off. Two who want the same time at once: one gets it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.booking.finding import free_times, zone_of
from rapport.engines.booking.models import Booking, PublicBooking
from rapport.engines.booking.registry import Wanted, keeper
from rapport.engines.clocks.hours import Hours
from rapport.engines.webforms.questions import Question, askable, read_answers
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Conflict, Invalid
from rapport.kernel.ids import new_id

#: Makes the secret address of a booking from its id.
Link = Callable[[UUID], str]


class Taken(Conflict):
    """Somebody else was faster, or the owner has something else now."""


def questions_for(page: PublicBooking) -> list[Question]:
    """What a visitor is asked: the phone is needed where one is called."""
    return [
        Question("name", _("Your name"), "text", True), Question("emails", _("E-mail"), "email", True),
        Question("phones", _("Phone"), "tel", page.shown["place_kind"] == "phone"),
        Question("note", _("What is it about?"), "area"),
    ]  # fmt: skip


def book(page: PublicBooking, given: Mapping[str, str], *, start: dt.datetime, minutes: int, zone: str, link: Link) -> Booking:
    """Book a time. Raises Invalid with a sentence per question, and Taken when the time is not free any more."""
    ctx = _context(page.workspace)
    if minutes not in page.shown["lengths"]:
        raise Invalid(_("Choose one of the lengths."), field="minutes")
    questions = questions_for(page)
    values = read_answers(ctx, questions, given)
    fields = askable(ctx)
    said = tuple((one.label, fields[one.key].kind.text(values[one.key], ctx.format)) for one in questions if one.key in values)
    booking = Booking(
        id=new_id(), workspace_id=page.workspace_id, page_id=page.record_id, zone=zone[:60], made_at=dt.datetime.now(dt.UTC)
    )
    email = str(values["emails"][0]["value"])  # type: ignore[index]
    with _in_turn(ctx, page):
        _demand_free(ctx, page, start, minutes)
        booking.meeting_id = keeper().make(
            ctx, Wanted(
                title=str(page.shown["name"]), user_id=page.user_id, start=start, minutes=minutes, values=values, said=said,
                place=_place(page, given), email=email.lower(), name=str(values["name"]), zone=zone,
                link=link(booking.pk),
            ),
        )  # fmt: skip
        booking.save(force_insert=True)
    return booking


def move(page: PublicBooking, booking: Booking, start: dt.datetime, link: Link) -> None:
    """Another time for a booked meeting; raises Taken when it is not free."""
    ctx = _context(page.workspace)
    with _in_turn(ctx, page):
        standing = keeper().standing(ctx, booking.meeting_id)
        if standing is None or standing.start <= ctx.format.now:
            raise Taken(_("This meeting is over, or was called off."))
        _demand_free(ctx, page, start, standing.minutes, besides=booking.meeting_id)
        keeper().move(ctx, booking.meeting_id, start, zone=booking.zone, link=link(booking.pk))


def cancel(workspace: Workspace, booking: Booking) -> bool:
    """Call a booked meeting off; whether there was one to call off."""
    ctx = _context(workspace)
    with unit_of_work(ctx):
        standing = keeper().standing(ctx, booking.meeting_id)
        if standing is None or standing.start <= ctx.format.now:
            return False
        keeper().cancel(ctx, booking.meeting_id)
    return True


def page_of(booking: Booking) -> PublicBooking | None:
    """The page a booking was made on, open or not."""
    rows = PublicBooking.objects.select_related("workspace").filter(workspace_id=booking.workspace_id, record_id=booking.page_id)
    return rows.first()


def _context(workspace: Workspace) -> Context:
    return system_context(workspace, "booking")


@contextmanager
def _in_turn(ctx: Context, page: PublicBooking) -> Iterator[None]:
    """One visitor of a person's pages at a time: whoever comes second waits here until the first has committed, and then sees
    their meeting. On PostgreSQL by the rows, locked in their order; on SQLite the transaction waits for all others anyway."""
    with unit_of_work(ctx):
        rows = PublicBooking.objects.filter(workspace_id=ctx.workspace.pk, user_id=page.user_id)
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        yield


def _demand_free(ctx: Context, page: PublicBooking, start: dt.datetime, minutes: int, *, besides: UUID | None = None) -> None:
    day = Hours(zone_of(ctx, page), ((),) * 7).day_of(start)
    if start not in free_times(ctx, page, minutes, day, day, besides=besides):
        raise Taken(_("This time was taken a moment ago. Choose another; what you typed is kept."))


def _place(page: PublicBooking, given: Mapping[str, str]) -> str:
    kind = page.shown["place_kind"]
    if kind == "phone":
        # Digits only: what is typed here goes out by mail to an address that is typed here too.
        return _("By phone: %(number)s") % {"number": re.sub(r"[^0-9+() /-]", "", given.get("phones", "")).strip()[:30]}
    return _("At the visitor's") if kind == "theirs" else str(page.shown["place"])[:200]
