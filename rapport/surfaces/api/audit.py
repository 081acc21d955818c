"""The audit log over the API: the same entries as the page, for programs that watch or keep them."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.changes.audit import AuditLine, audit_page
from rapport.kernel.context import Context
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer, bad_request
from rapport.surfaces.api.reading import limit_of, parameters

PARAMETERS = ("type", "verb", "actor", "record", "since", "until", "q", "limit", "cursor")
_MOST = 200


def read_audit(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/audit: entries of the audit log, newest first, and the cursor of older ones. `next` is null at the end;
    a page may hold fewer entries than asked for, or none, and still have a next one."""
    given = parameters(request, PARAMETERS)
    page = audit_page(
        ctx, type_key=registry.get(given["type"]).key if given.get("type") else "", verb=given.get("verb", ""),
        actor_id=_id(given, "actor"), record_id=_id(given, "record"), since=_moment(given, "since"),
        until=_moment(given, "until"), text=given.get("q", ""), cursor=given.get("cursor", ""),
        limit=limit_of(given, most=_MOST),
    )  # fmt: skip
    return answer({"items": [_item(line) for line in page.lines], "next": page.next}, 200, {})


def _item(line: AuditLine) -> dict[str, object]:
    change = line.change
    return {
        "number": change.number, "at": change.at.isoformat(), "verb": change.verb, "action": change.action or None,
        "type": change.type or None, "record": change.record_id, "title": line.title or None,
        "actor": {"id": change.actor_id, "name": change.actor_name}, "surface": change.surface,
        "version": change.version or None,
        "changes": {
            field.key: {"before": _json(field, before), "after": _json(field, after)} for field, before, after in line.entries
        },
        "details": dict(line.details), "hash": change.hash or None,
        "redacted_at": change.redacted_at.isoformat() if change.redacted_at else None,
    }  # fmt: skip


def _json(field: object, value: object) -> object:
    return None if value is None else field.kind.to_json(value)  # type: ignore[attr-defined]


def _id(given: dict[str, str], name: str) -> object:
    if not given.get(name):
        return None
    found = as_id(given[name])
    if found is None:
        raise bad_request(_("“%(name)s” takes the id of a record.") % {"name": name})
    return found


def _moment(given: dict[str, str], name: str) -> dt.datetime | None:
    """A day or a time with its zone; a bare one counts as UTC."""
    if not given.get(name):
        return None
    try:
        found = dt.datetime.fromisoformat(given[name])
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise bad_request(_("“%(name)s” takes a time such as 2026-01-31T09:00:00Z.") % {"name": name}) from None
