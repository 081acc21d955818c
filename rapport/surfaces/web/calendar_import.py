"""A calendar file comes in: choose it, see what would be made, confirm; one Undo takes it all back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from rapport.engines.calendar.ical_reading import LARGEST, ReadFile, as_moment, read_file
from rapport.engines.calendar.importing import Plan, Step, carry_out, plan
from rapport.engines.calendar.registry import calendar_types
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.files.reach import attachable_file
from rapport.kernel.files.store import keep, path_of
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Line:
    """One entry of the file as the preview shows it."""

    title: str
    icon: str
    when: str
    verb: str
    people: str
    strangers: int


@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """The page to choose a file; posted with one, the preview; posted with its key, the deed."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not any(gate.allows(ctx, one.info, "create") for one in calendar_types()):
        raise Refused(_("Your role does not allow you to add anything that stands in a calendar."))
    if request.method != "POST":
        return _ask(request)
    try:
        if key := request.POST.get("key", ""):
            return _do(request, key)
        given = request.FILES.get("file")
        if given is None:
            raise Invalid(_("Choose a calendar file (.ics)."), field="file")
        if (given.size or 0) > LARGEST:
            raise Invalid(_("This calendar file is larger than 2 MB; export a shorter time."), code="too_large", field="file")
        data = given.read()
        found = read_file(data, ctx.format.zone, ctx.format.today)
        given.seek(0)
        return _preview(request, found, str(keep(ctx, given)["key"]), str(given.name or ""))
    except Invalid as wrong:
        return _ask(request, wrong.sentence)


def _ask(request: HttpRequest, sentence: str = "") -> HttpResponse:
    return render(request, "calendar/import.html", {"sentence": sentence, "lines": None}, status=422 if sentence else 200)


def _preview(request: HttpRequest, found: ReadFile, key: str, name: str) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    wanted = plan(ctx, found.items)
    values = {
        "sentence": "", "key": key, "name": name, "plan": wanted, "lines": [_line(ctx, step) for step in wanted.steps],
        "counts": _counts(wanted), "remarks": _remarks(ctx, found, wanted),
        "writes": wanted.count("create") + wanted.count("update"),
    }  # fmt: skip
    return render(request, "calendar/import.html", values)


def _do(request: HttpRequest, key: str) -> HttpResponse:
    """Bring in the file that was looked at; it is read and planned again, for things may have changed since."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    path = path_of(key)
    if attachable_file(ctx, key) is None or not path.is_file():
        raise Gone(_("This file is no longer here; choose it again."))
    wanted = plan(ctx, read_file(path.read_bytes(), ctx.format.zone, ctx.format.today).items)
    written = carry_out(ctx, wanted)
    made, changed = wanted.count("create"), wanted.count("update")
    for one in {step.declared.type for step in wanted.steps if step.verb != "same"}:
        note_quietly(ctx, "imported", type_key=one, format="ics", count=made + changed)
    text = ngettext("%(num)d entry brought in.", "%(num)d entries brought in.", made + changed) % {"num": made + changed}
    if not written:
        text = _("Everything in this file was here already.")
    first = next((step for step in wanted.steps if step.verb in ("create", "update")), None)
    day = as_moment(first.item.start, ctx.format.zone).astimezone(ctx.format.zone).date() if first else ctx.format.today
    return done(request, text, f"/calendar?view=month&date={day}", undo=" ".join(undo_mark(one) for one in written))


def _counts(wanted: Plan) -> list[str]:
    """What would happen, in plain sentences."""
    new, change, same = wanted.count("create"), wanted.count("update"), wanted.count("same")
    found = [
        ngettext("%(num)d new entry", "%(num)d new entries", new) % {"num": new} if new else "",
        ngettext("%(num)d entry changes", "%(num)d entries change", change) % {"num": change} if change else "",
        ngettext("%(num)d entry is here already", "%(num)d entries are here already", same) % {"num": same} if same else "",
    ]
    return [one for one in found if one]


def _remarks(ctx: Context, found: ReadFile, wanted: Plan) -> list[str]:
    """What is left out, and why."""
    remarks = []
    if found.recurring and found.until:
        day = shown_as.full_date(found.until, ctx.format)
        remarks.append(
            ngettext(
                "%(num)d entry repeats; it is written down for each time until %(day)s.",
                "%(num)d entries repeat; they are written down for each time until %(day)s.",
                found.recurring,
            )
            % {"num": found.recurring, "day": day}
        )
    if many := found.cancelled:
        text = ngettext("%(num)d entry is cancelled and left out.", "%(num)d entries are cancelled and left out.", many)
        remarks.append(text % {"num": many})
    if many := found.timeless:
        text = ngettext("%(num)d entry has no time and is left out.", "%(num)d entries have no time and are left out.", many)
        remarks.append(text % {"num": many})
    if many := found.broken:
        text = ngettext("%(num)d entry cannot be read and is left out.", "%(num)d entries cannot be read and are left out.", many)
        remarks.append(text % {"num": many})
    if many := wanted.count("refused"):
        text = ngettext("%(num)d entry is not yours to change.", "%(num)d entries are not yours to change.", many)
        remarks.append(text % {"num": many})
    if wanted.waiting:
        remarks.append(
            ngettext(
                "%(num)d entry waits: choose the same file once more afterwards, and it follows.",
                "%(num)d entries wait: choose the same file once more afterwards, and they follow.",
                wanted.waiting,
            )
            % {"num": wanted.waiting}
        )
    return remarks


def _line(ctx: Context, step: Step) -> Line:
    declared, item = step.declared, step.item
    start = as_moment(item.start, ctx.format.zone).astimezone(ctx.format.zone)
    is_all_day = not isinstance(item.start, dt.datetime)
    day = shown_as.full_date(start.date(), ctx.format)
    when = day if is_all_day else f"{day}, {shown_as.clock(start.time(), ctx.format)}"
    kind = str((declared.new or {}).get("kind", ""))
    icon = declared.icons.get(kind, declared.icons.get("", "calendar"))
    return Line(item.title, icon, when, step.verb, ", ".join(one.name for one in step.people), step.strangers)
