"""Schemas of a record type: how its records are read, and what a new one and a change may hold."""

from __future__ import annotations

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

Schema = dict[str, object]
ID: Schema = {"type": "string", "format": "uuid"}
VERSION: Schema = {"type": "integer", "minimum": 1}


def ref(name: str, part: str = "schemas") -> Schema:
    """A pointer to a component."""
    return {"$ref": f"#/components/{part}/{name}"}


def name_of(info: TypeInfo) -> str:
    """The name of a type's schema: `follow_up_rule` is FollowUpRule."""
    return "".join(part.capitalize() for part in info.key.split("_"))


def or_null(schema: Schema) -> Schema:
    """The schema of a value that may be empty."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def read_schema(ctx: Context, info: TypeInfo) -> Schema:
    """A record as it is read. Only id and version are always there: `fields` may leave out the rest."""
    fields = gate.fields(ctx, info)
    opened = {f.key: _opened(ctx, f) for f in fields.values() if f.to or f.kind.key == "anyref"}
    properties: Schema = {"id": ID, "version": VERSION}
    properties |= {key: _described(f, or_null(f.kind.json_schema()), reading=True) for key, f in fields.items()}
    if opened:
        properties["expanded"] = {"type": "object", "properties": opened, "additionalProperties": False}
    return {
        "type": "object",
        "title": capital(info.label),
        "required": ["id", "version"],
        "properties": properties,
        "additionalProperties": False,
    }


def _opened(ctx: Context, field: Field) -> Schema:
    """What `expand` puts beside a reference; null for an empty one and for what the viewer may not see."""
    if field.to in registry and gate.allows(ctx, registry.get(field.to), "view"):
        return {"anyOf": [ref(name_of(registry.get(field.to))), {"type": "null"}]}
    return {"type": ["object", "null"]}


def write_schema(ctx: Context, info: TypeInfo, *, creating: bool) -> Schema:
    """The values of a new record, or of a change."""
    every = gate.fields(ctx, info, edit=True)
    fields = {key: f for key, f in every.items() if f.settable(creating=creating)}
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _described(f, or_null(f.kind.accepted_schema())) for key, f in fields.items()},
    }
    needed = [key for key, f in fields.items() if creating and f.required and f.default is None]
    if needed:
        found["required"] = needed
    return found


def inputs_schema(fields: dict[str, Field]) -> Schema:
    """The inputs of an action."""
    needed = [key for key, f in fields.items() if f.required and f.default is None]
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _described(f, or_null(f.kind.accepted_schema())) for key, f in fields.items()},
    }
    return {**found, "required": needed} if needed else found


def _described(field: Field, schema: Schema, *, reading: bool = False) -> Schema:
    """The schema with the field's label, help, choices and, for those who read it, how lists may use it."""
    found: Schema = {**schema, "title": capital(field.label)}
    if field.help:
        found["description"] = str(field.help)
    if field.to:
        found["x-refers-to"] = field.to
    choices = getattr(field.kind, "choices", None)
    if choices is not None:
        found["x-labels"] = {value: str(label) for value, label in choices.pairs.items()}
    if reading:
        found["x-operators"] = list(field.kind.operators)
        if field.sort_path:
            found["x-sortable"] = True
        if not field.writable:
            found["readOnly"] = True
    return found
