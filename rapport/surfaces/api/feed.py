"""The change feed over the API: everything that was written, from a number on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.changefeed.reading import Told, feed_page
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import limit_of, parameters

PARAMETERS = ("after", "types", "limit")
_MOST, _MOST_TYPES = 500, 40


def read_feed(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/changes: `{"items": […], "next": number, "more": bool}`, oldest first. Keep `next`, and give it as
    `after` the next time; a page may be short or empty and still have more."""
    given = parameters(request, PARAMETERS)
    after = given.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise bad_request(_("“after” is the “next” of the page before, a whole number."), code="bad_after")
    page = feed_page(ctx, after=int(after), types=_types(ctx, given), limit=limit_of(given, usual=100, most=_MOST))
    return answer({"items": [told_as_json(one) for one in page.told], "next": page.next, "more": page.more}, 200, {})


def _types(ctx: Context, given: dict[str, str]) -> list[str] | None:
    """The types asked for; raises for unknown ones, and for one of which the viewer may see nothing."""
    keys = list(dict.fromkeys(one.strip() for one in given.get("types", "").split(",") if one.strip()))
    if len(keys) > _MOST_TYPES:
        raise bad_request(_("Name %(most)d types at most.") % {"most": _MOST_TYPES}, code="too_many")
    for key in keys:
        gate.demand(ctx, registry.get(key), "view")
    return keys or None


def told_as_json(one: Told) -> dict[str, object]:
    """A change as its reader may know it."""
    change = one.change
    found: dict[str, object] = {
        "number": change.number, "at": change.at.isoformat(), "type": one.info.key, "record": change.record_id, "verb": one.verb,
    }  # fmt: skip
    if one.is_gone:
        return found
    return found | {
        "version": change.version, "action": change.action or None, "surface": change.surface,
        "actor": {"id": change.actor_id, "name": change.actor_name},
        "changes": {
            f.key: {"before": _json(f, before), "after": _json(f, after)} for f, before, after in one.entries
        },
    }  # fmt: skip


def _json(field: object, value: object) -> object:
    return None if value is None else field.kind.to_json(value)  # type: ignore[attr-defined]
