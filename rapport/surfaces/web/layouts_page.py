"""Page layouts in the settings: sections as cards, fields moved by mouse, keys or buttons, for all roles or for one.

The form holds the whole arrangement as one list of inputs in the order they stand in, so that it works without scripts:
a button posts the form, and the page comes back with the field moved, saved or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from rapport.engines.words.layouts import (
    is_own_heading,
    kept_label,
    needed_keys,
    read_layout,
    shown_label,
    write_sections,
)
from rapport.engines.words.models import PageLayout
from rapport.engines.words.types import HEADING
from rapport.kernel.access import gate
from rapport.kernel.access.models import Role
from rapport.kernel.access.viewer import Viewer, looking_as
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.layouts_arranged import Arrangement, arranged, moved, read_arrangement
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say, undo_mark
from rapport.surfaces.web.type_list import type_lines

HOME = "/settings/layouts"
#: What a wording can name.
_LONGEST_NAMED = 60


@dataclass(frozen=True)
class Seat:
    """One role in the switch, with what its people see now."""

    role: Role | None
    is_own: bool
    url: str


@dataclass(frozen=True)
class Tile:
    """One field to be placed."""

    key: str
    label: str
    kind: str
    is_needed: bool
    #: The role that is looked at may not see it, wherever it stands.
    is_hidden: bool


def _type() -> TypeInfo:
    return registry.get("page_layout")


@require_GET
def layouts(request: HttpRequest) -> HttpResponse:
    """The record types of the daily work (and whatever else has a layout), with how many layouts each has."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    return render(request, "settings/layouts.html", {"lines": type_lines(ctx, _type())})


@require_http_methods(["GET", "POST"])
def layout(request: HttpRequest, type_key: str) -> HttpResponse:
    """The layout of one type, for all roles or for ?role=…; POST moves something, saves or goes back to what was shipped."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    info = registry.get(type_key)
    gate.demand(ctx, info, "view")
    role = _role(ctx, request)
    row = gate.visible(ctx, _type()).filter(on_type=info.key, role_id=role.pk if role else None).first()
    if request.method == "GET":
        return _show(request, info, role, row, _start(ctx, info, role, row))
    wanted = request.POST.get("do", "save")
    if wanted == "reset":
        return _reset(request, info, role, row)
    now = read_arrangement(ctx, info, request.POST.getlist("item"))
    if wanted != "save":
        return _show(request, info, role, row, moved(now, wanted), focus=wanted)
    try:
        return _save(request, info, role, row, now)
    except Invalid as wrong:
        return _show(request, info, role, row, now, sentence=wrong.sentence, status=422)


def _role(ctx: Context, request: HttpRequest) -> Role | None:
    """The role that the page is about; None for all."""
    given = request.GET.get("role", "")
    if not given:
        return None
    found = gate.get(ctx, registry.get("role"), as_id(given))
    assert isinstance(found, Role)
    return found


def _start(ctx: Context, info: TypeInfo, role: Role | None, row: PageLayout | None) -> Arrangement:
    """The layout that counts now: the role's own, that for all roles, or the declaration."""
    if row is not None:
        return arranged(ctx, info, read_layout(row))
    everybody = gate.visible(ctx, _type()).filter(on_type=info.key, role_id=None).first() if role else None
    return arranged(ctx, info, read_layout(everybody) if everybody else None)


def _save(
    request: HttpRequest, info: TypeInfo, role: Role | None, row: PageLayout | None, now: Arrangement
) -> HttpResponse:  # fmt: skip
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    whole = now.with_unseen(ctx, info, read_layout(row) if row else None)
    values: dict[str, object] = {
        "shown": write_sections((kept_label(info, label), keys) for label, keys in whole.sections),
        "left_out": ",".join(whole.left_out(ctx, info)), "columns": ",".join(whole.columns),
    }  # fmt: skip
    if row is None:
        names = {"type": capital(str(info.plural)), "role": role.name if role else ""}
        name = _("%(type)s for %(role)s") % names if role else _("%(type)s for all roles") % names
        made = ctx.create("page_layout", name=name[:120], on_type=info.key, role=role.pk if role else None, **values)
        say(request, _("Saved. It holds from the next page that people open."), undo=undo_mark(made))
    else:
        one = gate.get(ctx, _type(), row.pk, "edit")
        before = one.version
        ctx.write(one, **values)
        changed = one.version != before
        say(request, _("Saved. It holds from the next page that people open."), undo=undo_mark(one) if changed else "")
    return HttpResponseRedirect(_url(info, role))


def _reset(request: HttpRequest, info: TypeInfo, role: Role | None, row: PageLayout | None) -> HttpResponse:
    """Put the layout into the bin: what stands behind it counts again."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if row is not None:
        one = gate.get(ctx, _type(), row.pk, "delete")
        ctx.delete(one)
        say(request, _("This layout is gone; what stands behind it counts again."), undo=undo_mark(one))
    return HttpResponseRedirect(_url(info, role))


def _url(info: TypeInfo, role: Role | None) -> str:
    return f"{HOME}/{info.key}?role={role.pk}" if role else f"{HOME}/{info.key}"


def _show(
    request: HttpRequest, info: TypeInfo, role: Role | None, row: PageLayout | None, now: Arrangement, *,
    sentence: str = "", focus: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    own = set(gate.visible(ctx, _type()).filter(on_type=info.key).values_list("role_id", flat=True))
    values = {
        "info": info, "role": role, "row": row, "now": now, "tiles": _tiles(ctx, info, role),
        "sentence": sentence, "focus": focus,
        "seats": _seats(ctx, info, own), "behind": role is not None and None in own, "url": _url(info, role),
        "may": gate.may(ctx, _type(), row, "edit") if row else gate.allows(ctx, _type(), "create"),
        "own_headings": _own_headings(ctx, info, row),
        "may_reset": row is not None and gate.may(ctx, _type(), row, "delete"),
        "may_preview": role is not None and gate.may(ctx, registry.get("role"), role, "set_rights"),
    }  # fmt: skip
    return render(request, "settings/layout.html", values, status=status)


def _own_headings(ctx: Context, info: TypeInfo, row: PageLayout | None) -> dict[str, str]:
    """By what is shown: where the company's own headings of a layout are worded in other languages."""
    if row is None or not gate.allows(ctx, registry.get("wording"), "create"):
        return {}
    kept = [label for label, _keys in read_layout(row).sections if label and is_own_heading(info, label)]
    return {
        shown_label(info, one): f"/wording/new?{urlencode({'on_type': info.key, 'on_field': HEADING + one})}"
        for one in kept if len(HEADING + one) <= _LONGEST_NAMED
    }  # fmt: skip


def _seats(ctx: Context, info: TypeInfo, own: set[UUID | None]) -> list[Seat]:
    rows = gate.visible(ctx, registry.get("role")).order_by("pk") if gate.allows(ctx, registry.get("role"), "view") else []
    return [Seat(None, None in own, _url(info, None)), *[Seat(one, one.pk in own, _url(info, one)) for one in rows]]


def _tiles(ctx: Context, info: TypeInfo, role: Role | None) -> dict[str, Tile]:
    needed, seen = needed_keys(ctx, info), _eyes(ctx, role)
    return {
        key: Tile(key, capital(str(field.label)), str(field.kind.label), key in needed, seen.group(field.see) == "hidden")
        for key, field in gate.fields(ctx, info).items()
    }


def _eyes(ctx: Context, role: Role | None) -> Viewer:
    return looking_as(ctx.viewer, role) if role else ctx.viewer
