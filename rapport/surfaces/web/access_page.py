"""Who can see a record and why; sharing it with people; and what one user can see."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rapport.kernel.access import gate, sharing
from rapport.kernel.access.explain import viewer_of, who_sees
from rapport.kernel.access.models import User
from rapport.kernel.access.sharing_models import Level
from rapport.kernel.access.viewer import READING, load_viewer
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.kinds.base import kind_by_key
from rapport.kernel.query.totals import count
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.form import title_of
from rapport.surfaces.web.roles_page import COLUMNS, SCOPE_NAMES, YES_NO
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say

_LEVELS = (Level.READ, Level.EDIT, Level.FULL)


@require_GET
def access(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Everybody who sees this record, with the reasons, and the people it is shared with."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    return _page(request, ctx, info, gate.get(ctx, info, record_id))


@require_POST
def share(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Open the record to a person."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id, "share")
    held = {key: request.POST.get(key, "") for key in ("user__text", "level", "until", "part")}
    try:
        guest = sharing.share(
            ctx, record, _person(ctx, request), level=held["level"] or Level.READ, until=_until(ctx, held["until"]),
            part=held["part"], as_member=request.POST.get("as_member") == "1",
        )  # fmt: skip
    except (Invalid, Refused) as wrong:
        return _page(request, ctx, info, record, held=held, error=wrong, status=422)
    say(request, _("Shared with %(name)s.") % {"name": guest.name})
    return _back(request, info, record)


@require_POST
def unshare(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Take a person off the record."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    ident = request.POST.get("grant", "")
    if not (ident.isascii() and ident.isdigit() and len(ident) < 19):
        raise Gone(_("This record is not shared with them any more."))
    guest = sharing.unshare(ctx, record, int(ident))
    say(request, _("No longer shared with %(name)s.") % {"name": guest.name})
    if gate.may(ctx, info, record, "view"):
        return _back(request, info, record)
    return HttpResponseRedirect(info.url)


@require_GET
def what_user_sees(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """What one person may do with each type, and how many records they see; for those who manage people."""
    ctx, info = request.ctx, registry.get("user")  # type: ignore[attr-defined]
    gate.get(ctx, info, user_id, "edit")
    user = User.objects.select_related("role").get(pk=user_id)
    theirs = context_for(user, "explain", workspace=ctx.workspace)
    viewer = load_viewer(user, ctx.workspace)
    rows = []
    for one in registry.all():
        scopes = [(label, *_scope(theirs, one, verb)) for verb, label in COLUMNS]
        # How many there are is for those alone who may see them all anyway.
        seen = count(theirs, gate.visible(theirs, one)).text if gate.sees_all(ctx, one) else ""
        rows.append((one, scopes, seen))
    chart = viewer.chart
    values = {
        "user": user, "rows": rows, "columns": COLUMNS, "role": user.role,
        "team": chart.team_names.get(user.team_id) if user.team_id else "",
        "below": [seat.name for seat in chart.people_below(user.pk)][:50],
        "managers": [chart.seats[one].name for one in chart.managers_of(user.pk)],
        "is_active": viewer_of(chart, chart.seats[user.pk]).rights != {} if user.pk in chart.seats else False,
    }  # fmt: skip
    return render(request, "settings/user_sees.html", values)


def _scope(ctx: Context, info: TypeInfo, verb: str) -> tuple[str, object]:
    """The scope and its name; what follows a parent has the scope that the parent has."""
    under = info.declared.under
    if under and not ctx.viewer.named(info.key):
        return _scope(ctx, registry.get(info.fields[under].to), verb if verb in READING else "edit")
    scope = gate.scope_of(ctx, info, verb)
    return scope, YES_NO["none" if scope == "none" else "all"] if verb == "create" else SCOPE_NAMES[scope]


def _page(
    request: HttpRequest, ctx: Context, info: TypeInfo, record: Record, *, held: dict[str, str] | None = None,
    error: Invalid | Refused | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    levels = [(level.value, level.label) for level in _LEVELS if gate.may(ctx, info, record, sharing.PROOF[level])]
    values = {
        "info": info, "record": record, "record_title": title_of(ctx, info, record), "seen": who_sees(ctx, info, record),
        "guests": sharing.guests(ctx, record), "may_share": sharing.may_share(ctx, record), "levels": levels,
        "held": held or {}, "sentence": error.sentence if error else "", "bad": error.field if error else "",
        "level_names": {level.value: level.label for level in _LEVELS},
    }  # fmt: skip
    return render(request, "record/access_dialog.html" if is_part(request) else "record/access_page.html", values, status=status)


def _person(ctx: Context, request: HttpRequest) -> UUID:
    found = kind_by_key("user")().from_post(dict(request.POST.lists()), "user", ctx.cleaning())
    if not isinstance(found, UUID):
        raise Invalid(_("Say with whom: type a name and choose the person."), field="user")
    return found


def _until(ctx: Context, text: str) -> dt.datetime | None:
    """The end of that day in the viewer's zone."""
    day = kind_by_key("date")().parse(text, ctx.cleaning())
    if day is None:
        return None
    return dt.datetime.combine(day, dt.time.max, tzinfo=ctx.format.zone).astimezone(dt.UTC)  # type: ignore[arg-type]


def _back(request: HttpRequest, info: TypeInfo, record: Record) -> HttpResponse:
    """To the same dialog, or to the page it is without script."""
    if is_part(request):
        ctx = request.ctx  # type: ignore[attr-defined]
        return _page(request, ctx, info, record)
    return HttpResponseRedirect(f"{info.record_url(record.pk)}/access")
