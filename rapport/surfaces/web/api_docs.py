"""The reference of the API inside the app: the OpenAPI document of this person and workspace, as pages to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold
from rapport.surfaces.api.openapi.document import base_address, document_bytes
from rapport.surfaces.api.openapi.engines import engine_names
from rapport.surfaces.api.openapi.general import general_name
from rapport.surfaces.web.shell import render

Schema = Mapping[str, object]
_METHODS = ("get", "post", "put", "patch", "delete")
_MOST_FOUND = 60


@dataclass(frozen=True)
class Part:
    """A field, input or parameter."""

    name: str
    label: str
    shape: str
    about: str
    is_needed: bool = False
    #: What filters may compare it with, for fields that are read.
    operators: str = ""


@dataclass(frozen=True)
class Operation:
    """One request, ready to show."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    parameters: list[Part]
    body: list[Part]
    statuses: list[tuple[str, str]]
    curl: str
    tag: str


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """The guide with what belongs to no type, one type with its requests and fields, or what a search found."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    address = base_address(request)
    document = orjson.loads(document_bytes(ctx, address))
    # What the business is about first; what the settings are made of after it.
    types = sorted((info for info in registry.all() if gate.allows(ctx, info, "view")), key=lambda info: not is_business(info))
    asked, text = request.GET.get("type", ""), request.GET.get("q", "").strip()[:100]
    chosen = next((info for info in types if info.key == asked), None)
    every = list(_operations(document, address))
    if text:
        words = fold(text).split()
        shown = [one for one in every if all(word in _words(one) for word in words)][:_MOST_FOUND]
    else:
        tags = [capital(chosen.plural)] if chosen else [general_name(), *engine_names(ctx)]
        shown = [one for one in every if one.tag in tags]
    schemas = document["components"]["schemas"]
    name = "".join(part.capitalize() for part in chosen.key.split("_")) if chosen else ""
    values = {
        "types": types, "chosen": chosen, "operations": shown, "q": text, "address": address, "searching": bool(text),
        "fields": _parts(schemas.get(name, {})) if chosen and not text else [],
        "example": _curl("get", "/api/v1/customer", address, {"limit": "1"}, None),
    }  # fmt: skip
    return render(request, "docs/api.html", values)


def is_business(info: TypeInfo) -> bool:
    """Whether a type stands in the menu outside of the settings, or belongs to one that does."""
    menu = info.declared.menu
    return menu[0] != "settings" if menu else bool(info.declared.under or info.declared.timeline)


def _operations(document: Schema, address: str) -> Iterator[Operation]:
    components: Mapping[str, Mapping[str, Schema]] = document["components"]  # type: ignore[assignment]
    for path, methods in document["paths"].items():  # type: ignore[attr-defined]
        for method in _METHODS:
            if method in methods:
                yield _operation(methods[method], method, path, components, address)


def _operation(one: Schema, method: str, path: str, components: Mapping[str, Mapping[str, Schema]], address: str) -> Operation:
    given = [_resolved(p, components) for p in one.get("parameters", ())]  # type: ignore[union-attr]
    parameters = [
        Part(str(p["name"]), str(p["in"]), _shape(p.get("schema", {})), str(p.get("description", "")), bool(p.get("required")))
        for p in given
    ]
    content = one.get("requestBody", {}).get("content", {}).get("application/json", {})  # type: ignore[union-attr]
    schema = _resolved(content.get("schema", {}), components)
    answers = {status: _resolved(a, components) for status, a in one["responses"].items()}  # type: ignore[attr-defined]
    return Operation(
        str(one["operationId"]), method.upper(), path, str(one["summary"]), str(one.get("description", "")), parameters,
        _parts(schema), [(status, str(a.get("description", ""))) for status, a in answers.items()],
        _curl(method, path, address, {}, _example_body(schema) if schema else None),
        str(one["tags"][0]),  # type: ignore[index]
    )  # fmt: skip


def _resolved(one: Schema, components: Mapping[str, Mapping[str, Schema]]) -> Schema:
    pointer = one.get("$ref")
    if not isinstance(pointer, str):
        return one
    part, name = pointer.split("/")[-2:]
    return components[part][name]


def _parts(schema: Schema) -> list[Part]:
    """The members of an object."""
    needed = set(schema.get("required", ()))  # type: ignore[call-overload]
    return [
        Part(
            name, str(one.get("title", "")), _shape(one), str(one.get("description", "")), name in needed,
            ", ".join(one.get("x-operators", ())),
        )
        for name, one in schema.get("properties", {}).items()  # type: ignore[attr-defined]
    ]  # fmt: skip


def _shape(schema: Schema) -> str:
    """What a value looks like, in a few words."""
    if "anyOf" in schema:
        shapes = [_shape(one) for one in schema["anyOf"]]  # type: ignore[attr-defined]
        return _(" or ").join(dict.fromkeys(one for one in shapes if one not in ("", "null")))
    kind, form = schema.get("type", ""), schema.get("format")
    kinds = [kind] if isinstance(kind, str) else list(kind)  # type: ignore[call-overload]
    words = " ".join(one for one in kinds if one != "null")
    if words == "array":
        return _("list of %(shape)s") % {"shape": _shape(schema.get("items", {}))}  # type: ignore[arg-type]
    return str(form) if form else words


def _example_body(schema: Schema) -> object:
    """What is needed, and a little more, so that a copied example says something."""
    properties: Mapping[str, Schema] = schema.get("properties", {})  # type: ignore[assignment]
    needed = list(schema.get("required", ()))  # type: ignore[call-overload]
    names = needed + [name for name in properties if name not in needed and name not in ("owner", "team", "external_id")]
    return {name: _example(properties[name], name) for name in names[: max(len(needed), 2)] if name in properties}


def _example(schema: Schema, name: str) -> object:
    for one in schema.get("anyOf", ()):  # type: ignore[attr-defined]
        return _example(one, name)
    some = schema.get("enum") or schema.get("examples")
    kind = schema.get("type")
    kind = kind if isinstance(kind, str) else next((one for one in kind or () if one != "null"), "string")  # type: ignore[attr-defined]
    if some:
        return some[0]  # type: ignore[index]
    if kind == "object":
        properties: Mapping[str, Schema] = schema.get("properties", {})  # type: ignore[assignment]
        given = {"amount": "1250.00", "currency": "EUR"}
        return {key: given.get(key) or _example(properties[key], key) for key in schema.get("required", list(properties)[:2])}  # type: ignore[attr-defined]
    if kind == "array":
        return [_example(schema.get("items", {}), name)]  # type: ignore[arg-type]
    by_form = {"date": "2026-01-31", "date-time": "2026-01-31T09:00:00Z", "uuid": "0190c3d4-0000-7000-8000-000000000000"}
    plain = {"integer": schema.get("minimum") or 1, "number": 1, "boolean": True}
    return plain.get(kind) or by_form.get(str(schema.get("format"))) or str(schema.get("title") or name)


def _curl(method: str, path: str, address: str, query: Mapping[str, str], body: object) -> str:
    """A request that can be pasted into a terminal."""
    lines = [f"curl -X {method.upper()}" if method != "get" else "curl", '-H "Authorization: Bearer $TOKEN"']
    if body is not None:
        text = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return " \\\n  ".join([*lines, f'"{address}{path}{"?" + asked if asked else ""}"'])


def _words(one: Operation) -> str:
    names = " ".join(part.name + " " + part.label for part in one.body)
    return fold(f"{one.method} {one.path} {one.summary} {one.about} {one.tag} {names}")


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """The document itself, for whoever is signed in here and has no token."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    return HttpResponse(document_bytes(ctx, base_address(request)), content_type="application/json")
