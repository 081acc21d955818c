"""One record: read, change, delete, restore, act on, and its history."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.duplicates.pointers import heir_of
from rapport.kernel.access import gate
from rapport.kernel.actions.running import find_action, run_action
from rapport.kernel.changes import door
from rapport.kernel.changes.history import ChangeLine, history_page
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Gone
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.expanding import Wanted, find_item, wanted_of
from rapport.surfaces.api.items import etag, item_or_none, one_answer
from rapport.surfaces.api.problems import HttpProblem, StaleVersion, answer, bad_request
from rapport.surfaces.api.reading import body_of, limit_of, parameters, wanted_version


def read(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """GET /api/v1/{type}/{id}: the record, with its version as ETag."""
    info, given = registry.get(type_key), parameters(request, ("fields", "expand"))
    try:
        item = find_item(ctx, info, record_id, wanted_of(given))
    except Gone:
        if (heir := heir_of(ctx, info, record_id)) is None:
            raise
        item = find_item(ctx, info, str(heir), wanted_of(given))  # merged into another, which answers for it
    if etag(item) in (tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")):
        return HttpResponse(status=304, headers={"ETag": etag(item)})
    return one_answer(item)


def change(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """PATCH /api/v1/{type}/{id}: set the fields given, leave the others."""
    info = registry.get(type_key)
    parameters(request, ())
    record = gate.get(ctx, info, record_id, "edit")
    expected, values = wanted_version(request), body_of(request)
    if expected is not None and expected > record.version:
        raise _stale(record)
    try:
        door.write(ctx, record, values, expected_version=expected)
    except Conflict as contested:
        if expected is None:
            raise
        raise StaleVersion(contested.sentence, fields=contested.fields) from contested
    return one_answer(item_or_none(ctx, info, record.pk) or {"id": record.pk, "version": record.version})


def delete(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """DELETE /api/v1/{type}/{id}: into the bin."""
    parameters(request, ())
    record = gate.get(ctx, registry.get(type_key), record_id, "delete")
    demand_version(request, record)
    ctx.delete(record)
    return HttpResponse(status=204)


def restore(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """POST /api/v1/{type}/{id}/restore: out of the bin again."""
    info = registry.get(type_key)
    parameters(request, ())
    if body_of(request, may_be_empty=True):
        raise bad_request(_("Restoring takes no values."))
    record = gate.get(ctx, info, record_id, "delete", in_bin=True)
    demand_version(request, record)
    ctx.restore(record)
    return one_answer(find_item(ctx, info, str(record.pk), Wanted()))


def act(ctx: Context, request: HttpRequest, type_key: str, record_id: str, part_key: str) -> HttpResponse:
    """POST /api/v1/{type}/{id}/{action}: run an action with inputs by name."""
    info = registry.get(type_key)
    parameters(request, ())
    find_action(info, part_key)
    record = gate.get(ctx, info, record_id)
    inputs = body_of(request, may_be_empty=True)
    demand_version(request, record)
    made = run_action(ctx, record, part_key, inputs)
    result = {"type": registry.of(made).key, "id": made.pk} if isinstance(made, Record) else None
    # An action may hand the record over, out of this viewer's reach.
    item = item_or_none(ctx, info, record.pk)
    return answer({"item": item, "result": result}, 200, {"ETag": etag(item)} if item else {})


def read_history(ctx: Context, request: HttpRequest, type_key: str, record_id: str) -> HttpResponse:
    """GET /api/v1/{type}/{id}/history: who changed what, newest first."""
    info = registry.get(type_key)
    given = parameters(request, ("limit", "cursor"))
    cursor = given.get("cursor", "")
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise bad_request(_("This page mark is not of this list; start from the first page."), code="bad_cursor")
    record = gate.get(ctx, info, record_id)
    lines, following = history_page(ctx, info, record.pk, limit=limit_of(given), before=int(cursor) if cursor else None)
    following_mark = str(following) if following is not None else None
    return answer({"items": [_line(line) for line in lines], "next": following_mark}, 200, {})


def _line(line: ChangeLine) -> dict[str, object]:
    change = line.change
    return {
        "number": change.number, "at": change.at.isoformat(), "verb": change.verb, "action": change.action or None,
        "actor": {"id": change.actor_id, "name": change.actor_name}, "surface": change.surface,
        "version": change.version,
        "changes": {
            field.key: {"before": _json(field, before), "after": _json(field, after)}
            for field, before, after in line.entries
        },
    }  # fmt: skip


def _json(field: object, value: object) -> object:
    return None if value is None else field.kind.to_json(value)  # type: ignore[attr-defined]


def demand_version(request: HttpRequest, record: Record) -> None:
    """Raise the 412 of an If-Match that names another version than the record has."""
    expected = wanted_version(request)
    if expected is not None and expected != record.version:
        raise _stale(record)


def _stale(record: Record) -> HttpProblem:
    return HttpProblem(
        412, _("The record has changed since; read it again and decide anew."), code="stale",
        headers={"ETag": f'"{record.version}"'},
    )  # fmt: skip
