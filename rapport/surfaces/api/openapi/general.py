"""Requests that belong to no type, and the messages that webhooks send."""

from __future__ import annotations

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.audit import PARAMETERS as AUDIT_PARAMETERS
from rapport.surfaces.api.openapi import shared
from rapport.surfaces.api.openapi.paths import json_answer, operation
from rapport.surfaces.api.openapi.shapes import ID, Schema, ref

_TEXT: Schema = {"type": "string"}
_ANYTHING: Schema = {"type": "object"}


def general_name() -> str:
    """The heading of what belongs to no type."""
    return _("Across all types")


def general_paths(ctx: Context) -> dict[str, Schema]:
    """Every address that belongs to no type, and those that only one type has."""
    tag = general_name()
    index = operation("index", _("Types, fields and actions"), tag, {"200": json_answer(_("What there is."), _ANYTHING)})
    this = operation("openapi", _("This document"), tag, {"200": json_answer(_("OpenAPI 3.1."), _ANYTHING, "ETag")})
    found: dict[str, Schema] = {
        "/api/v1/": {"get": index}, "/api/v1/openapi.json": {"get": this}, "/api/v1/search": {"get": _search(tag)},
        "/api/v1/changes": {"get": _changes(tag)}, "/api/v1/batch": {"post": _batch(tag)},
    }  # fmt: skip
    if any(gate.allows(ctx, info, "audit") for info in registry.all()):
        found["/api/v1/audit"] = {"get": _audit(tag)}
    webhook = registry.get("webhook")
    if gate.allows(ctx, webhook, "edit"):
        own = capital(webhook.plural)
        found["/api/v1/webhook/{id}/secret"] = {"post": _secret(own)}
        found["/api/v1/webhook/{id}/deliveries"] = {"get": _deliveries(own)}
    return found


def messages() -> dict[str, Schema]:
    """What webhooks post to their addresses: one shape, named by type and verb."""
    data: Schema = {
        "type": "object", "required": ["workspace", "number", "type", "id", "verb"],
        "properties": {
            "workspace": ID, "number": {"type": "integer"}, "type": _TEXT, "id": ID, "verb": _TEXT,
            "version": {"type": "integer"}, "action": {"type": ["string", "null"]}, "actor": _ANYTHING, "changes": _ANYTHING,
            "record": {"type": ["object", "null"], "description": _("The record as it stands when the message is sent.")},
        },
    }  # fmt: skip
    when = {"type": "string", "format": "date-time"}
    body: Schema = {
        "type": "object", "required": ["type", "timestamp", "data"],
        "properties": {"type": {**_TEXT, "examples": ["customer.update"]}, "timestamp": when, "data": data},
    }  # fmt: skip
    signed = [
        {"name": name, "in": "header", "required": True, "schema": _TEXT}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ]
    post: Schema = {
        "operationId": "webhook.message", "summary": _("Something was written"), "parameters": signed,
        "description": _("Signed as Standard Webhooks has it; any answer of 2xx within ten seconds says that it arrived."),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": _("It arrived.")}},
    }  # fmt: skip
    return {"record": {"post": post}}


def _search(tag: str) -> Schema:
    hit: Schema = {
        "type": "object", "required": ["type", "id", "title"], "properties": {"type": _TEXT, "id": ID, "title": {}},
    }  # fmt: skip
    found: Schema = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": hit}}}
    asked = [_query("q", _("Words, all of which the record holds.")), _query("type", _("Only of this type.")), _limit(50)]
    return operation("search", _("Find records by words"), tag, {"200": json_answer(_("The best hits."), found)}, more=asked)


def _changes(tag: str) -> Schema:
    told = {"allOf": [ref("Change"), {"required": ["type", "record"]}]}
    gone: Schema = {"type": "object", "required": ["number", "type", "record", "verb"], "properties": {"verb": {"const": "gone"}}}
    page: Schema = {
        "type": "object", "required": ["items", "next", "more"],
        "properties": {
            "items": {"type": "array", "items": {"anyOf": [told, gone]}}, "next": {"type": "integer"},
            "more": {"type": "boolean"},
        },
    }  # fmt: skip
    asked = [
        _query("after", _("The “next” of the page before."), {"type": "integer", "minimum": 0}),
        _query("types", _("Only of these types, with commas between.")), _limit(500),
    ]  # fmt: skip
    done = {"200": json_answer(_("Changes after a number, oldest first."), page)}
    return operation("changes", _("The change feed"), tag, done, more=asked)


def _batch(tag: str) -> Schema:
    results: Schema = {
        "type": "object", "required": ["results", "failed"],
        "properties": {"results": {"type": "array", "items": ref("Outcome")}, "failed": {"type": "integer"}},
    }  # fmt: skip
    return operation(
        "batch", _("Many writes in one request"), tag, {"200": json_answer(_("What became of each."), results)},
        parameters=("Idempotency-Key",), writes=True, body=shared.batch_body(),
    )  # fmt: skip


def _audit(tag: str) -> Schema:
    asked = [_query(name) for name in AUDIT_PARAMETERS if name != "limit"] + [_limit(200)]
    done = {"200": json_answer(_("Entries, newest first."), shared.page_of(ref("Change")))}
    return operation("audit", _("The audit log"), tag, done, more=asked)


def _secret(tag: str) -> Schema:
    told: Schema = {"type": "object", "required": ["secret"], "properties": {"secret": _TEXT}}
    return operation(
        "webhook.secret", _("Make a new secret, told this once"), tag, {"201": json_answer(_("The secret."), told)},
        parameters=("id",), writes=True, about=_("The one before is good for another day."),
    )  # fmt: skip


def _deliveries(tag: str) -> Schema:
    done = {"200": json_answer(_("Messages, newest first."), shared.page_of(_ANYTHING))}
    return operation("webhook.deliveries", _("What was sent"), tag, done, parameters=("id", "limit", "cursor"))


def _query(name: str, about: str = "", schema: Schema | None = None) -> Schema:
    found: Schema = {"name": name, "in": "query", "required": False, "schema": schema or _TEXT}
    return {**found, "description": about} if about else found


def _limit(most: int) -> Schema:
    return {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": most}}
