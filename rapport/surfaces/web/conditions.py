"""Which conditional fields a form shows and needs, asked by its script while somebody fills it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from rapport.engines.words.live import Live, live_state
from rapport.kernel.access import gate
from rapport.kernel.changes.values import defaults, settable_fields
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.controls import Control
from rapport.surfaces.web.posted import Posted, lists_of, read_posted

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: The hidden input in which the script names the fields that it hides.
OFF = "fields_off"


@require_POST
def conditions(request: HttpRequest, type_key: str, record_id: UUID | None = None) -> JsonResponse:
    """The hidden and the needed fields for what the form holds now. Nothing is written, and the door judges anew."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id, "edit") if record_id else None
    if record is None:
        gate.demand(ctx, info, "create")
    settable = settable_fields(ctx, info, creating=record is None)
    posted = read_posted(ctx, lists_of(request), settable.values())
    live = state_of(ctx, info, record, posted)
    able = set(settable)
    return JsonResponse(
        {"hidden": sorted(live.hidden & able) if live else [], "needed": sorted(live.needed & able) if live else []}
    )


def state_of(ctx: Context, info: TypeInfo, record: Record | None, posted: Posted) -> Live | None:
    """The state of a form that holds these values; what a new record starts with counts where nothing was typed."""
    start = {} if record else defaults(ctx, info, {}, settable_fields(ctx, info, creating=True))
    return live_state(ctx, info, record, {**start, **posted.values})


def drop_hidden(request: HttpRequest, ctx: Context, info: TypeInfo, posted: Posted) -> None:
    """Leave out what stands in fields that the form's script hides: it is neither written nor refused. Only conditional
    fields; whether one is needed is for the door to say."""
    off = set(",".join(request.POST.getlist(OFF)).split(",")) - {""}
    if not off:
        return
    live = state_of(ctx, info, None, Posted())
    for key in off & (live.conditional if live else frozenset()):
        posted.values.pop(key, None)
        posted.errors.pop(key, None)
        posted.typed.pop(key, None)


def marked(made: Sequence[Control], live: Live | None) -> list[Control]:
    """The controls with what the conditions make of them."""
    if live is None:
        return list(made)
    return [
        replace(
            one, is_conditional=one.key in live.conditional, is_off=one.key in live.hidden and not one.error,
            is_optional=one.is_optional and one.key not in live.needed,
        )
        for one in made
    ]  # fmt: skip
