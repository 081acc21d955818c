"""The whole document, kept per workspace, rights and language until its fields or its people's rights change."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport import __version__
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.audit import PARAMETERS as AUDIT_PARAMETERS
from rapport.surfaces.api.openapi import shared
from rapport.surfaces.api.openapi.paths import json_answer, operation, paths_of
from rapport.surfaces.api.openapi.shapes import ID, Schema, name_of, read_schema, ref, write_schema
from rapport.surfaces.api.reading import parameters

#: Documents kept in a process: one for each role and language that programs and readers use.
_MOST_KEPT = 24
_kept: OrderedDict[str, bytes] = OrderedDict()


def read(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json: the document for this token, with an ETag."""
    parameters(request, ())
    body = document_bytes(ctx, base_address(request))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in (one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")):
        return HttpResponse(status=304, headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return HttpResponse(body, content_type="application/json", headers=headers)


def base_address(request: HttpRequest) -> str:
    """The address that programs call: the one people type, else that of this request."""
    return settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")


def document_bytes(ctx: Context, address: str) -> bytes:
    """The document as JSON; made once for all whose rights, fields and language are the same."""
    viewer = ctx.viewer
    facts = [
        str(ctx.workspace.pk),
        ctx.workspace.schema_version,
        ctx.workspace.name,
        ctx.workspace.currency,
        ctx.format.language,
        address,
        __version__,
        viewer.rights,
        viewer.field_groups,
        sorted(gate_marks(ctx)),
    ]
    mark = hashlib.sha256(orjson.dumps(facts, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()
    found = _kept.get(mark)
    if found is None:
        found = _kept[mark] = orjson.dumps(document(ctx, address), default=str)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(mark)
    return found


def gate_marks(ctx: Context) -> list[str]:
    """What beyond the role decides what is there: types that a sharing rule or a default opens."""
    return [info.key for info in registry.all() if gate.allows(ctx, info, "view")]


def document(ctx: Context, address: str) -> Schema:
    """The OpenAPI document as this viewer may use the API."""
    types = [info for info in registry.all() if gate.allows(ctx, info, "view")]
    schemas = shared.schemas()
    paths = _general(ctx)
    for info in types:
        schemas[name_of(info)] = read_schema(ctx, info)
        if gate.allows(ctx, info, "create"):
            new = write_schema(ctx, info, creating=True)
            schemas[f"{name_of(info)}New"] = new
            # Of a record that is there nothing is needed, and the key itself gives a value.
            schemas[f"{name_of(info)}Upsert"] = {key: value for key, value in new.items() if key != "required"}
        if gate.allows(ctx, info, "edit"):
            schemas[f"{name_of(info)}Change"] = write_schema(ctx, info, creating=False)
        paths |= paths_of(ctx, info)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _("The API of %(workspace)s") % {"workspace": ctx.workspace.name},
            "version": __version__,
            "description": _("Every record type, field and action that this token may use."),
        },
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "tags": [{"name": general_name()}, *({"name": capital(info.plural)} for info in types)],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": _("A token from Settings → API tokens.")}
            },
            "schemas": schemas,
            "parameters": shared.parameters(),
            "headers": shared.headers(),
            "responses": shared.responses(),
        },
    }


def general_name() -> str:
    """The heading of what belongs to no type."""
    return _("Across all types")


def _general(ctx: Context) -> dict[str, Schema]:
    """Addresses that belong to no type."""
    tag = general_name()
    anything: Schema = {"type": "object"}
    hit = {
        "type": "object",
        "required": ["type", "id", "title"],
        "properties": {"type": {"type": "string"}, "id": ID, "title": {}},
    }
    found: dict[str, Schema] = {
        "/api/v1/": {
            "get": operation("index", _("Types, fields and actions"), tag, {"200": json_answer(_("What there is."), anything)})
        },
        "/api/v1/openapi.json": {
            "get": operation("openapi", _("This document"), tag, {"200": json_answer(_("OpenAPI 3.1."), anything, "ETag")})
        },
        "/api/v1/search": {
            "get": operation(
                "search",
                _("Find records by words"),
                tag,
                {
                    "200": json_answer(
                        _("The best hits."),
                        {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": hit}}},
                    )
                },
                more=[
                    _query("q", _("Words, all of which the record holds.")),
                    _query("type", _("Only of this type.")),
                    _limit(50),
                ],
            )
        },
        "/api/v1/changes": {
            "get": operation(
                "changes",
                _("The change feed"),
                tag,
                {"200": json_answer(_("Changes after a number, oldest first."), _feed())},
                more=[
                    _query("after", _("The “next” of the page before."), {"type": "integer", "minimum": 0}),
                    _query("types", _("Only of these types, with commas between.")),
                    _limit(500),
                ],
            )
        },
        "/api/v1/batch": {
            "post": operation(
                "batch",
                _("Many writes in one request"),
                tag,
                {"200": json_answer(_("What became of each."), _results())},
                parameters=("Idempotency-Key",),
                writes=True,
                body=shared.batch_body(),
            )
        },
    }
    if any(gate.allows(ctx, info, "audit") for info in registry.all()):
        line = {"allOf": [ref("Change")]}
        found["/api/v1/audit"] = {
            "get": operation(
                "audit",
                _("The audit log"),
                tag,
                {"200": json_answer(_("Entries, newest first."), shared.page_of(line))},
                more=[_query(name) for name in AUDIT_PARAMETERS if name != "limit"] + [_limit(200)],
            )
        }
    return found


def _results() -> Schema:
    return {
        "type": "object",
        "required": ["results", "failed"],
        "properties": {"results": {"type": "array", "items": ref("Outcome")}, "failed": {"type": "integer"}},
    }


def _feed() -> Schema:
    told = {"allOf": [ref("Change"), {"required": ["type", "record"]}]}
    gone = {"type": "object", "required": ["number", "type", "record", "verb"], "properties": {"verb": {"const": "gone"}}}
    return {
        "type": "object",
        "required": ["items", "next", "more"],
        "properties": {
            "items": {"type": "array", "items": {"anyOf": [told, gone]}},
            "next": {"type": "integer"},
            "more": {"type": "boolean"},
        },
    }


def _query(name: str, about: str = "", schema: Schema | None = None) -> Schema:
    found: Schema = {"name": name, "in": "query", "required": False, "schema": schema or {"type": "string"}}
    return {**found, "description": about} if about else found


def _limit(most: int) -> Schema:
    return {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": most}}
