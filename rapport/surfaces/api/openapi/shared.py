"""What all operations share: parameters, headers, problems, and the answers in which they come."""

from __future__ import annotations

from django.utils.translation import gettext as _

from rapport.kernel.query.read import MAX_LIMIT
from rapport.surfaces.api.batch import MOST_OPERATIONS
from rapport.surfaces.api.openapi.shapes import ID, VERSION, Schema, ref

#: Statuses that any request may be answered with, and those of writes besides.
ALWAYS = ("400", "401", "403", "404", "429", "503")
WRITING = ("409", "412", "413", "415", "422")


def parameters() -> dict[str, Schema]:
    """Query parameters and headers by name."""
    text = {"type": "string"}
    given = {
        "filter": (text, _("A filter in the grammar of the lists, as text or, beginning with “{”, as its JSON tree.")),
        "sort": (text, _("Up to three field keys with commas between, “-” in front for descending; newest first without.")),
        "fields": (text, _("Field keys with commas between; a field behind a dot opens its reference.")),
        "expand": (text, _("References to open, up to two steps: customer,customer.owner. They stand in “expanded”.")),
        "limit": ({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}, _("How many at most.")),
        "cursor": (text, _("The “next” of the page before.")),
        "count": ({"type": "boolean", "default": False}, _("Also tell how many there are, up to 10,000.")),
    }
    found = {
        name: {"name": name, "in": "query", "required": False, "schema": schema, "description": about}
        for name, (schema, about) in given.items()
    }
    headers = {
        "If-Match": _("The ETag of the record that was read: a change is refused when the same field was changed since."),
        "If-None-Match": _("An ETag: 304 while the record is the same. On PUT “*”: only if there is none yet."),
        "Idempotency-Key": _("Any text of up to 200 characters: the same request with the same key is done once."),
    }
    for name, about in headers.items():
        found[name] = {"name": name, "in": "header", "required": False, "schema": text, "description": about}
    found["id"] = {"name": "id", "in": "path", "required": True, "schema": ID, "description": _("The id of the record.")}
    return found


def headers() -> dict[str, Schema]:
    """Headers of answers."""
    return {
        "ETag": {"schema": {"type": "string"}, "description": _("The version of the record, for If-Match.")},
        "Location": {"schema": {"type": "string"}, "description": _("The address of the record.")},
        "Link": {"schema": {"type": "string"}, "description": _("The address of the next page.")},
        "Retry-After": {"schema": {"type": "string"}, "description": _("Seconds to wait.")},
    }


def schemas() -> dict[str, Schema]:
    """The problem of every error, and the shapes that belong to no type."""
    text, sentences = {"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}
    problem: Schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {"type": "string", "description": _("Stable, for programs.")},
            "errors": {**sentences, "description": _("One sentence for each field.")},
            "conflict": {"type": "object", "description": _("Both values of each contested field: theirs, yours, before.")},
        },
    }
    actor = {"type": "object", "properties": {"id": {"anyOf": [ID, {"type": "null"}]}, "name": text}}
    change: Schema = {
        "type": "object",
        "required": ["number", "at", "verb", "changes"],
        "properties": {
            "number": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            "verb": text,
            "action": {"type": ["string", "null"]},
            "actor": actor,
            "surface": text,
            "version": {"type": ["integer", "null"]},
            "changes": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["before", "after"],
                    "properties": {"before": {}, "after": {}},
                },
            },
        },
    }
    return {"Problem": problem, "Change": change, "Operation": _operation(), "Outcome": _outcome()}


def _operation() -> Schema:
    """One operation of a batch."""
    by_id = {"anyOf": [ID, {"type": "object", "required": ["ref"], "properties": {"ref": {"type": "string"}}}]}
    values = {"type": "object"}
    members: dict[str, tuple[Schema, list[str]]] = {
        "create": ({"values": values}, []),
        "update": ({"id": by_id, "values": values, "version": VERSION}, ["id", "values"]),
        "delete": ({"id": by_id, "version": VERSION}, ["id"]),
        "restore": ({"id": by_id, "version": VERSION}, ["id"]),
        "action": ({"id": by_id, "action": {"type": "string"}, "inputs": values, "version": VERSION}, ["id", "action"]),
        "upsert": ({"by": {"type": "object", "minProperties": 1, "maxProperties": 1}, "values": values}, ["by"]),
    }
    return {
        "oneOf": [
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["do", "type", *needed],
                "properties": {"do": {"const": do}, "type": {"type": "string"}, "as": {"type": "string", "maxLength": 60}, **own},
            }
            for do, (own, needed) in members.items()
        ]
    }


def _outcome() -> Schema:
    """What became of an operation."""
    return {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "integer"},
            "type": {"type": "string"},
            "id": ID,
            "version": {"type": ["integer", "null"]},
            "result": {},
            "problem": ref("Problem"),
        },
    }


def batch_body() -> Schema:
    """The body of a batch."""
    operations = {"type": "array", "items": ref("Operation"), "minItems": 1, "maxItems": MOST_OPERATIONS}
    return {
        "type": "object",
        "required": ["operations"],
        "additionalProperties": False,
        "properties": {"operations": operations, "atomic": {"type": "boolean", "default": True}},
    }


def responses() -> dict[str, Schema]:
    """A problem for each status."""
    about = {
        "400": _("The request cannot be understood: a parameter, a filter, the JSON."),
        "401": _("No token, or one that is wrong, expired or revoked."),
        "403": _("You may see this, but not do that; or the token is read-only."),
        "404": _("There is no such thing for you."),
        "409": _("Somebody changed the same field, or the first request with this key still runs."),
        "412": _("The condition of If-Match or If-None-Match is not met."),
        "413": _("The body is too large."),
        "415": _("The body is not JSON."),
        "422": _("A value cannot be taken; “errors” has a sentence for each field."),
        "429": _("The token sent too many requests."),
        "503": _("The database is busy; nothing was changed."),
    }
    content = {"application/problem+json": {"schema": ref("Problem")}}
    found: dict[str, Schema] = {status: {"description": text, "content": content} for status, text in about.items()}
    for status in ("429", "503"):
        found[status]["headers"] = {"Retry-After": ref("Retry-After", "headers")}
    return found


def problems(*, writes: bool) -> dict[str, Schema]:
    """The answers of an operation when it does not work."""
    return {status: ref(status, "responses") for status in (*ALWAYS, *(WRITING if writes else ()))}


def page_of(item: Schema) -> Schema:
    """A page of a list."""
    counted = {"type": "object", "properties": {"number": {"type": "integer"}, "is_capped": {"type": "boolean"}}}
    return {
        "type": "object",
        "required": ["items", "next"],
        "additionalProperties": False,
        "properties": {"items": {"type": "array", "items": item}, "next": {"type": ["string", "null"]}, "count": counted},
    }
