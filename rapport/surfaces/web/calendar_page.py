"""The calendar: month, week, day and agenda of one's own and, laid over, of colleagues; entries are moved and stretched."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from rapport.engines.calendar.moving import move
from rapport.engines.calendar.reading import Event, events_of, read_events
from rapport.engines.calendar.registry import InCalendar, calendar_type, calendar_types
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.errors import Gone, Invalid, RapportError
from rapport.kernel.records.model import Record
from rapport.surfaces.web import problems, shell
from rapport.surfaces.web.answers import part_or_page
from rapport.surfaces.web.calendar_days import days_of
from rapport.surfaces.web.calendar_state import VIEWS, CalendarState, colleagues, heading, read_state
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.toasts import say, say_now, undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The calendar at its address; its part alone for htmx."""
    state = read_state(request.ctx, request.GET)  # type: ignore[attr-defined]
    return _show(request, state)


def _show(request: HttpRequest, state: CalendarState, *, touched: Event | None = None) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    people = colleagues(ctx, state)
    names = {one.id: one.name for one in people}
    events = read_events(ctx, state.first, state.until, state.owners)
    days = days_of(ctx, state, events.found, names)
    now = ctx.format.now.astimezone(ctx.format.zone)
    labels = {"month": _("Month"), "week": _("Week"), "day": _("Day"), "agenda": _("Agenda")}
    values = {
        "state": state,
        "heading": heading(ctx, state),
        "views": [(key, labels[key], state.at(view=key)) for key in VIEWS],
        "days": days,
        "weeks": [days[at : at + 7] for at in range(0, len(days), 7)] if state.view == "month" else [],
        "filled": [one for one in days if one.entries],
        "hours": [shown_as.clock(dt.time(hour), ctx.format) for hour in range(24)],
        "people": people,
        "chosen": [one for one in people if one.hue] if len(state.owners) > 1 else [],
        "is_cut": events.is_cut,
        "today": ctx.format.today,
        "now": shown_as.clock(now.time(), ctx.format),
        "zone": ctx.format.zone.key,
        "makers": [(one.info.label, _new_address(one)) for one in calendar_types() if _may_make(ctx, one)],
        "touched": touched,
    }
    return shell.render(request, "calendar/_calendar.html" if shell.is_part(request) else "calendar/page.html", values)


def _may_make(ctx: Context, one: InCalendar) -> bool:
    return one.new is not None and gate.allows(ctx, one.info, "create")


def _new_address(one: InCalendar) -> str:
    """Where a new entry is made; the page adds the time."""
    return f"{one.info.url}new?{urlencode({**(one.new or {}), 'stay': '1', one.at: ''})}"


@require_http_methods(["GET", "POST"])
def move_entry(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The form to give an entry another time; posted, it moves. What was dragged posts here too.

    A refusal brings the calendar as it stands now, with the reason: the page must not go on showing what did not happen.
    """
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    declared, record, event = _entry(ctx, type_key, record_id)
    if request.method == "GET":
        return _form(request, event)
    state = read_state(ctx, request.POST)
    is_drag = "dragged" in request.POST
    try:
        moved = move(ctx, declared, record, **_asked(request, declared, is_drag=is_drag))  # type: ignore[arg-type]
    except RapportError as wrong:
        problems.note(request, wrong)
        if not is_drag:
            return _form(request, event, wrong)
        return say_now(_show(request, state), wrong.sentence, kind="bad")
    now = events_of(ctx, declared, [moved.pk])
    text = _moved_text(ctx, now[0]) if now else _("Moved.")
    if not shell.is_part(request):
        say(request, text, undo=undo_mark(moved))
        return HttpResponseRedirect(state.at(day=now[0].first_day if now else None))
    made = say_now(_show(request, state, touched=now[0] if now else None), text, undo=undo_mark(moved))
    if not is_drag:
        made.headers["HX-Retarget"], made.headers["HX-Reswap"] = "#cal", "outerHTML"
        made.headers["HX-Trigger-After-Swap"] = "closeDialog"
    return made


def _entry(ctx: Context, type_key: str, record_id: UUID) -> tuple[InCalendar, Record, Event]:
    """An entry that the viewer may move. Raises Gone and Refused."""
    declared = calendar_type(type_key)
    if declared is None:
        raise Gone(_("There is no page at this address, or you may not see what is there."))
    record = gate.get(ctx, declared.info, record_id, "edit")
    found = events_of(ctx, declared, [record.pk])
    if not found:
        raise Gone(_("This has no time of its own, so it stands in no calendar."))
    return declared, record, found[0]


def _form(request: HttpRequest, event: Event, wrong: RapportError | None = None) -> HttpResponse:
    posted = request.POST if wrong else {}
    state = read_state(request.ctx, request.POST or request.GET)  # type: ignore[attr-defined]
    values = {
        "event": event,
        "state": state,
        "sentence": wrong.sentence if wrong else "",
        "day": posted.get("day") or event.first_day.isoformat(),
        "clock": posted.get("clock", "" if event.is_all_day else event.start.strftime("%H:%M")),
        "minutes": posted.get("minutes") or event.minutes,
    }
    status = problems.status_of(wrong) if wrong else 200
    return part_or_page(request, "calendar/_move.html", "calendar/move_page.html", values, status=status)


def _asked(request: HttpRequest, declared: InCalendar, *, is_drag: bool) -> dict[str, object]:
    """Where the entry shall go; raises Invalid with a sentence for what is no day, time or length."""
    post = request.POST
    clock, minutes = post.get("clock", ""), post.get("minutes", "")
    try:
        day = dt.date.fromisoformat(post.get("day", ""))
        time = dt.time.fromisoformat(clock) if clock else None
    except ValueError:
        raise Invalid(_("Give a day, and a time such as 14:30."), code="no_time") from None
    if minutes and whole_number(minutes) is None:
        raise Invalid(_("Give the length in whole minutes."), code="bad_length")
    if not 1970 <= day.year <= 2200:
        raise Invalid(_("This day is too far away."), code="too_far")
    # In the form an emptied time means the whole day, where the type knows days; who drags says so.
    whole = whole_number(post.get("whole_days", "")) or int(not is_drag and declared.is_dated and not clock)
    return {
        "day": day, "clock": time.replace(tzinfo=None) if time else None,
        "minutes": whole_number(minutes) if minutes else None, "whole_days": whole,
        "version": whole_number(post.get("version", "")),
    }  # fmt: skip


def _moved_text(ctx: Context, event: Event) -> str:
    day = shown_as.full_date(event.first_day, ctx.format)
    if event.is_all_day:
        return _("“%(title)s” moved to %(day)s.") % {"title": event.title, "day": day}
    time = shown_as.clock(event.start.time(), ctx.format)
    return _("“%(title)s” moved to %(day)s, %(time)s.") % {"title": event.title, "day": day, "time": time}
