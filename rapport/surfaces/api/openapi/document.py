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
from rapport.surfaces.api.openapi import shared
from rapport.surfaces.api.openapi.engines import engine_names, engine_paths, engine_paths_of, engine_schemas
from rapport.surfaces.api.openapi.general import general_name, general_paths, messages
from rapport.surfaces.api.openapi.paths import paths_of
from rapport.surfaces.api.openapi.shapes import Schema, name_of, read_schema, write_schema
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
    schemas = shared.schemas() | engine_schemas()
    paths = general_paths(ctx) | engine_paths(ctx)
    for info in types:
        schemas[name_of(info)] = read_schema(ctx, info)
        if gate.allows(ctx, info, "create"):
            new = write_schema(ctx, info, creating=True)
            schemas[f"{name_of(info)}New"] = new
            # Of a record that is there nothing is needed, and the key itself gives a value.
            schemas[f"{name_of(info)}Upsert"] = {key: value for key, value in new.items() if key != "required"}
        if gate.allows(ctx, info, "edit"):
            schemas[f"{name_of(info)}Change"] = write_schema(ctx, info, creating=False)
        paths |= paths_of(ctx, info) | engine_paths_of(ctx, info, capital(info.plural))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _("The API of %(workspace)s") % {"workspace": ctx.workspace.name},
            "version": __version__,
            "description": _("Every record type, field and action that this token may use."),
        },
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "tags": [{"name": one} for one in (general_name(), *engine_names(ctx), *(capital(info.plural) for info in types))],
        "paths": paths,
        "webhooks": messages(),
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
