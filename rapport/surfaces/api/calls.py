"""A telephone system tells what happens to its calls."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.telephony.hearing import DIRECTIONS, EVENTS, Heard, hear
from rapport.engines.telephony.models import LiveCall
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer
from rapport.surfaces.api.reading import body_of, parameters

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_LONGEST = {"id": 120, "event": 20, "direction": 3, "number": 60, "line": 40, "recording": 500}


def tell(ctx: Context, request: HttpRequest) -> HttpResponse:
    """POST /api/v1/calls: {"id", "event", "direction", "number", "line", "at", "recording"}; safe to send again."""
    parameters(request, ())
    given = body_of(request)
    if unknown := set(given) - {*_LONGEST, "at"}:
        raise Invalid(_("There is no “%(name)s” in what is told of a call.") % {"name": min(unknown)[:60]}, code="unknown_field")
    texts = {name: _text(given, name, most) for name, most in _LONGEST.items() if name in given}
    if not texts.get("id"):
        raise Invalid(_("Say which call: “id” is what the telephone system calls it."), code="required", field="id")
    for name, choices in (("event", EVENTS), ("direction", DIRECTIONS)):
        if (name == "event" or name in texts) and texts.get(name) not in choices:
            sentence = _("“%(name)s” is one of %(choices)s.") % {"name": name, "choices": ", ".join(choices)}
            raise Invalid(sentence, code="not_a_choice", field=name)
    return answer(call_as_json(ctx, hear(ctx, Heard(**texts, at=_time(given)))), 200, {})


def call_as_json(ctx: Context, call: LiveCall) -> dict[str, object]:
    """What became of a call, as this viewer may know it."""
    info = registry.get(call.record_type) if call.record_type in registry else None
    title = gate.titles(ctx, info, {call.record_id}).get(call.record_id) if info and call.record_id else None
    return {
        "id": call.outside_id, "state": call.state, "user": call.user_id, "activity": call.entry_id,
        "record": {"type": call.record_type, "id": call.record_id, "title": str(title)} if title else None,
    }  # fmt: skip


def _text(given: dict[str, object], name: str, most: int) -> str:
    value = given[name]
    if not isinstance(value, str) or "\0" in value:
        raise Invalid(_("“%(name)s” is a text.") % {"name": name}, code="not_a_text", field=name)
    value = value.strip()
    if len(value) > most:
        raise Invalid(
            _("“%(name)s” is longer than %(most)d characters.") % {"name": name, "most": most}, code="too_long", field=name
        )
    return value


def _time(given: dict[str, object]) -> dt.datetime | None:
    """A moment with its offset; None when it is now."""
    if given.get("at") is None:
        return None
    wrong = Invalid(_("“at” is a moment with its offset, such as 2026-11-23T09:30:00Z."), code="not_a_moment", field="at")
    try:
        at = dt.datetime.fromisoformat(str(given["at"])).astimezone(dt.UTC) if isinstance(given["at"], str) else None
        if at is None or dt.datetime.fromisoformat(str(given["at"])).tzinfo is None or at.year < 2000:
            raise wrong
    except (ValueError, OverflowError):
        raise wrong from None
    return at
