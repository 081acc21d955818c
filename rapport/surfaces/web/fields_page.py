"""The company's own fields in the settings: per type as a list in its order, and the choices of a field as a list.

As with page layouts, the forms hold everything in the order it stands in, so that they work without scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.custom.fields import Choice, kind_for, read_choices, write_choices
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.layouts_arranged import move_key
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say, undo_mark
from rapport.surfaces.web.type_list import type_lines

HOME = "/settings/fields"
#: Between two positions there is room for a field that a pack or a program puts there.
_STEP = 10
#: Inputs of the form of choices: what begins a choice, and what begins those that are not offered.
_CHOICE, _RETIRED = "v:", "|"


@dataclass(frozen=True)
class Line:
    """One field in the list."""

    row: CustomField
    kind: str
    has_choices: bool


def _type() -> TypeInfo:
    return registry.get("custom_field")


@require_GET
def fields(request: HttpRequest) -> HttpResponse:
    """The record types, with how many own fields each has."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    values = {"lines": type_lines(ctx, _type()), "may": gate.allows(ctx, _type(), "create")}
    return render(request, "settings/fields.html", values)


@require_http_methods(["GET", "POST"])
def of_type(request: HttpRequest, type_key: str) -> HttpResponse:
    """The own fields of one type in their order; POST moves one or saves the order."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    info = registry.get(type_key)
    gate.demand(ctx, info, "view")
    rows = list(gate.visible(ctx, _type()).filter(on_type=info.key).order_by("position", "id"))
    if request.method == "POST":
        rows = _in_order(rows, request.POST.getlist("item"))
        wanted = request.POST.get("do", "save")
        if wanted == "save":
            return _save_order(request, info, rows)
        rows = _moved(rows, wanted)
    lines = [Line(row, str(kind.label), "choices" in kind.option_names) for row in rows for kind in [kind_for(row)]]
    values = {
        "info": info, "lines": lines, "focus": request.POST.get("do", ""), "may": gate.allows(ctx, _type(), "edit"),
        "may_add": gate.allows(ctx, _type(), "create"),
    }  # fmt: skip
    return render(request, "settings/fields_of.html", values)


def _in_order(rows: Sequence[CustomField], items: Sequence[str]) -> list[CustomField]:
    """The fields in the order posted; those that came meanwhile at the end."""
    at = {pk: place for place, item in enumerate(items) if (pk := as_id(item)) is not None}
    return sorted(rows, key=lambda row: at.get(row.pk, len(at)))


def _moved(rows: Sequence[CustomField], wanted: str) -> list[CustomField]:
    verb, _colon, rest = wanted.partition(":")
    keys = [str(row.pk) for row in rows]
    if verb in ("up", "down"):
        move_key([keys], verb, rest.rpartition(":")[2])
    return _in_order(rows, keys)


def _save_order(request: HttpRequest, info: TypeInfo, rows: Sequence[CustomField]) -> HttpResponse:
    """Write the positions that change, in one transaction."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    marks = []
    with transaction.atomic():
        for place, row in enumerate(rows, start=1):
            if row.position != place * _STEP:
                one = gate.get(ctx, _type(), row.pk, "edit")
                ctx.write(one, position=place * _STEP)
                marks.append(undo_mark(one))
    say(request, _("Saved."), undo=" ".join(marks))
    return HttpResponseRedirect(f"{HOME}/{info.key}")


# -- choices ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest, type_key: str, field_id: UUID) -> HttpResponse:
    """The choices of a field as a list: add, rename, reorder, and stop offering one. What records hold stays."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info, row = registry.get(type_key), gate.get(ctx, _type(), field_id)
    assert isinstance(row, CustomField)
    if row.on_type != info.key or "choices" not in kind_for(row).option_names:
        raise Gone(_("This field has no choices."))
    if request.method == "GET":
        return _show_choices(request, info, row, read_choices(row.choices))
    now = _posted_choices(request.POST.getlist("item"))
    wanted = request.POST.get("do", "save")
    if wanted != "save":
        return _show_choices(request, info, row, _moved_choices(now, wanted), focus=wanted)
    try:
        return _save_choices(request, info, row, now)
    except Invalid as wrong:
        return _show_choices(request, info, row, now, sentence=wrong.sentence, status=422)


def _posted_choices(items: Sequence[str]) -> list[Choice]:
    """The choices as posted: the value that is kept, and the name that was typed; a new one has no value yet."""
    found, is_retired, rest = list[Choice](), False, iter(items)
    for item in rest:
        if item == _RETIRED:
            is_retired = True
        elif item.startswith(_CHOICE):
            found.append(Choice(item.removeprefix(_CHOICE), " ".join(next(rest, "").split()), is_retired))
    return found


def _moved_choices(now: Sequence[Choice], wanted: str) -> list[Choice]:
    """After a button: "up:choices:2", "away:choices:0" (not offered any more), "back:choices:3", "add"."""
    verb, _colon, rest = wanted.partition(":")
    blocks = [[str(at) for at, one in enumerate(now) if one.is_retired is flag] for flag in (False, True)]
    if verb == "add":
        offered = [now[int(at)] for at in blocks[0]]
        return [*offered, Choice("", ""), *(now[int(at)] for at in blocks[1])]
    move_key(blocks, verb, rest.rpartition(":")[2])
    return [
        Choice(now[int(at)].value, now[int(at)].label, flag)
        for keys, flag in zip(blocks, (False, True), strict=True)
        for at in keys
    ]


def _save_choices(request: HttpRequest, info: TypeInfo, row: CustomField, now: Sequence[Choice]) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    one = gate.get(ctx, _type(), row.pk, "edit")
    named = [choice for choice in now if choice.value or choice.label]
    if any(not choice.label for choice in named):
        raise Invalid(_("Give each choice a name, or move it to those that are not offered any more."), field="choices")
    if not any(not choice.is_retired for choice in named):
        raise Invalid(_("Offer at least one choice."), field="choices")
    folded = [choice.label.casefold() for choice in named]
    if twice := next((choice.label for choice in named if folded.count(choice.label.casefold()) > 1), ""):
        raise Invalid(_("“%(name)s” is there twice; give each choice a name of its own.") % {"name": twice[:60]}, field="choices")
    before, taken = one.version, {choice.value for choice in named}
    text = write_choices(Choice(choice.value or _free(choice.label, taken), choice.label, choice.is_retired) for choice in named)
    ctx.write(one, choices=text)
    say(request, _("Saved."), undo=undo_mark(one) if one.version != before else "")
    return HttpResponseRedirect(f"{HOME}/{info.key}/{row.pk}/choices")


def _free(label: str, taken: set[str]) -> str:
    """The value of a new choice: its name, unless an older choice that was renamed is kept under it."""
    value, number = label, 2
    while value in taken:
        value, number = f"{label} {number}", number + 1
    taken.add(value)
    return value


def _show_choices(
    request: HttpRequest, info: TypeInfo, row: CustomField, now: Sequence[Choice], *, sentence: str = "", focus: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    lines = list(enumerate(now))
    values = {
        "info": info, "field": row, "sentence": sentence, "focus": focus, "may": gate.may(ctx, _type(), row, "edit"),
        "offered": [(at, one) for at, one in lines if not one.is_retired],
        "retired": [(at, one) for at, one in lines if one.is_retired],
    }  # fmt: skip
    return render(request, "settings/field_choices.html", values, status=status)
