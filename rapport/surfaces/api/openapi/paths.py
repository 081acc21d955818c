"""The operations of a record type that a viewer may use."""

from __future__ import annotations

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action, actions_of
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import Relation, TypeInfo
from rapport.surfaces.api.openapi.shapes import Schema, inputs_schema, name_of, ref
from rapport.surfaces.api.openapi.shared import page_of, problems
from rapport.surfaces.api.upserts import key_fields

_LISTING = ("filter", "sort", "fields", "expand", "limit", "cursor", "count")


def operation(
    key: str,
    summary: str,
    tag: str,
    done: dict[str, Schema],
    *,
    parameters: tuple[str, ...] = (),
    writes: bool = False,
    body: Schema | None = None,
    body_needed: bool = True,
    more: list[Schema] | None = None,
    about: str = "",
) -> Schema:
    """One operation: its parameters by name, its body, and what it is answered with."""
    found: Schema = {
        "operationId": key,
        "summary": summary,
        "tags": [tag],
        "parameters": [*(ref(name, "parameters") for name in parameters), *(more or [])],
        "responses": {**done, **problems(writes=writes)},
    }
    if about:
        found["description"] = about
    if body is not None:
        found["requestBody"] = {"required": body_needed, "content": {"application/json": {"schema": body}}}
    return found


def json_answer(text: str, schema: Schema, *headers: str) -> Schema:
    """An answer with a JSON body."""
    found: Schema = {"description": text, "content": {"application/json": {"schema": schema}}}
    return {**found, "headers": {name: ref(name, "headers") for name in headers}} if headers else found


def paths_of(ctx: Context, info: TypeInfo) -> dict[str, Schema]:
    """Every address of a type."""
    base, tag = f"/api/v1/{info.key}", capital(info.plural)
    found = {base: _collection(ctx, info, tag), f"{base}/{{id}}": _one(ctx, info, tag)}
    if gate.allows(ctx, info, "delete"):
        item = json_answer(_("The record."), ref(name_of(info)), "ETag")
        text = _("Restore from the bin")
        found[f"{base}/{{id}}/restore"] = {
            "post": operation(
                f"{info.key}.restore", text, tag, {"200": item}, parameters=("id", "If-Match", "Idempotency-Key"), writes=True
            )
        }
    found[f"{base}/{{id}}/history"] = {
        "get": operation(
            f"{info.key}.history",
            _("Who changed what"),
            tag,
            {"200": json_answer(_("Changes, newest first."), page_of(ref("Change")))},
            parameters=("id", "limit", "cursor"),
        )
    }
    found[f"{base}/{{id}}/access"] = _access(ctx, info, tag)
    if gate.allows(ctx, info, "share"):
        found[f"{base}/{{id}}/access/{{share}}"] = {"delete": _unshare(info, tag)}
    if gate.allows(ctx, info, "create") and key_fields(ctx, info):
        found[f"{base}/by/{{field}}/{{value}}"] = {"put": _upsert(ctx, info, tag)}
    for relation in info.relations.values():
        if gate.allows(ctx, relation.type, "view") and relation.field in gate.fields(ctx, relation.type):
            found[f"{base}/{{id}}/{relation.key}"] = {"get": _relation(info, relation, tag)}
    for one in actions_of(info.key).values():
        if gate.allows(ctx, info, one.key):
            found.setdefault(f"{base}/{{id}}/{one.key}", {})["post"] = _action(info, one, tag)
    return found


def _action(info: TypeInfo, one: Action, tag: str) -> Schema:
    result = {
        "type": "object",
        "required": ["item", "result"],
        "properties": {"item": {"anyOf": [ref(name_of(info)), {"type": "null"}]}, "result": {"type": ["object", "null"]}},
    }
    return operation(
        f"{info.key}.{one.key}",
        capital(one.label),
        tag,
        {"200": json_answer(_("What became of it."), result, "ETag")},
        parameters=("id", "If-Match", "Idempotency-Key"),
        writes=True,
        body=inputs_schema(one.fields()),
        body_needed=False,
        about=_(one.help) if one.help else "",
    )


def _collection(ctx: Context, info: TypeInfo, tag: str) -> Schema:
    page = json_answer(_("A page of records."), page_of(ref(name_of(info))), "Link")
    found: Schema = {"get": operation(f"{info.key}.list", _("List and filter"), tag, {"200": page}, parameters=_LISTING)}
    if gate.allows(ctx, info, "create"):
        made = json_answer(_("The new record."), ref(name_of(info)), "ETag", "Location")
        found["post"] = operation(
            f"{info.key}.create",
            _("Make one"),
            tag,
            {"201": made},
            parameters=("Idempotency-Key",),
            writes=True,
            body=ref(f"{name_of(info)}New"),
        )
    return found


def _one(ctx: Context, info: TypeInfo, tag: str) -> Schema:
    item = json_answer(_("The record."), ref(name_of(info)), "ETag")
    unchanged: Schema = {
        "description": _("It is still the version of If-None-Match."),
        "headers": {"ETag": ref("ETag", "headers")},
    }
    found: Schema = {
        "get": operation(
            f"{info.key}.read",
            _("Read one"),
            tag,
            {"200": item, "304": unchanged},
            parameters=("id", "fields", "expand", "If-None-Match"),
        )
    }
    conditions = ("id", "If-Match", "Idempotency-Key")
    if gate.allows(ctx, info, "edit"):
        found["patch"] = operation(
            f"{info.key}.change",
            _("Change some fields"),
            tag,
            {"200": item},
            parameters=conditions,
            writes=True,
            body=ref(f"{name_of(info)}Change"),
        )
    if gate.allows(ctx, info, "delete"):
        gone: Schema = {"204": {"description": _("It is in the bin.")}}
        found["delete"] = operation(f"{info.key}.delete", _("Delete"), tag, gone, parameters=conditions, writes=True)
    return found


def _access(ctx: Context, info: TypeInfo, tag: str) -> Schema:
    listed = {"type": "array", "items": {"type": "object"}}
    seen = {"type": "object", "required": ["people", "shared_with"], "properties": {"people": listed, "shared_with": listed}}
    done = {"200": json_answer(_("Everybody who sees it, and why."), seen)}
    found: Schema = {"get": operation(f"{info.key}.access", _("Who sees it"), tag, done, parameters=("id",))}
    if gate.allows(ctx, info, "share"):
        found["post"] = operation(
            f"{info.key}.share",
            _("Share it with a person"),
            tag,
            {"201": json_answer(_("The share."), {"type": "object", "required": ["id"]})},
            parameters=("id", "If-Match", "Idempotency-Key"),
            writes=True,
            body=share_body(),
        )
    return found


def _unshare(info: TypeInfo, tag: str) -> Schema:
    share = {"name": "share", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 10**15}}
    return operation(
        f"{info.key}.unshare",
        _("Take a person off it"),
        tag,
        {"204": {"description": _("It is not shared with them any more.")}},
        parameters=("id", "If-Match"),
        writes=True,
        more=[share],
    )


def share_body() -> Schema:
    """With whom a record is shared, and how far."""
    text = {"type": ["string", "null"]}
    return {
        "type": "object",
        "required": ["user"],
        "additionalProperties": False,
        "properties": {
            "user": {"type": "string", "description": _("Id, name or e-mail address.")},
            "level": {"type": "string", "enum": ["read", "edit", "full"]},
            "until": text,
            "part": text,
            "as_member": {"type": "boolean"},
        },
    }


def _upsert(ctx: Context, info: TypeInfo, tag: str) -> Schema:
    keys = list(key_fields(ctx, info))
    item = ref(name_of(info))
    return operation(
        f"{info.key}.upsert",
        _("Change the one with this key, or make it"),
        tag,
        {
            "200": json_answer(_("It was there and is changed."), item, "ETag"),
            "201": json_answer(_("It is new."), item, "ETag", "Location"),
        },
        parameters=("If-Match", "If-None-Match", "Idempotency-Key"),
        writes=True,
        body=ref(f"{name_of(info)}Upsert"),
        body_needed=False,
        more=[
            {"name": "field", "in": "path", "required": True, "schema": {"type": "string", "enum": keys}},
            {"name": "value", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
        ],
    )


def _relation(info: TypeInfo, relation: Relation, tag: str) -> Schema:
    page = json_answer(_("A page of records."), page_of(ref(name_of(relation.type))), "Link")
    text = _("%(plural)s that point here, by “%(field)s”") % {
        "plural": capital(relation.type.plural),
        "field": relation.type.fields[relation.field].label,
    }
    return operation(f"{info.key}.{relation.key}", text, tag, {"200": page}, parameters=("id", *_LISTING))
