"""What the engines answer below /api/v1/: imports, doubles and merging. One place, from which the document, the reference
page and the tests know them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from rapport.engines.duplicates.kin_pairs import reviewable_kin
from rapport.engines.duplicates.registry import identities, identity_of
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.session import may_import
from rapport.engines.telephony.hearing import may_tell
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.openapi.calls import calls_name, calls_paths
from rapport.surfaces.api.openapi.paths import json_answer, operation
from rapport.surfaces.api.openapi.shapes import ID, Schema, name_of, ref

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_OBJECT: Schema = {"type": "object"}
_MAYBE_OBJECT: Schema = {"type": ["object", "null"]}
_NUMBER: Schema = {"type": "integer"}
_TRUTH: Schema = {"type": "boolean"}
_IMPORTS = "/api/v1/imports"
#: The states of a change of kind.
_KIND_STATES = ("looking", "looked", "changing", "done", "stopped", "refused")


def engine_names(ctx: Context) -> list[str]:
    """The headings of what engines answer, for this viewer."""
    names = [
        (may_import(ctx), _imports_name()), (bool(_with_doubles(ctx) or _with_kin(ctx)), _doubles_name()),
        (may_tell(ctx), calls_name()),
    ]  # fmt: skip
    return [name for there, name in names if there]


def engine_paths(ctx: Context) -> dict[str, Schema]:
    """Every address of an engine that this viewer may use and that belongs to no one type."""
    found = _imports(_imports_name()) if may_import(ctx) else {}
    types = _with_doubles(ctx)
    kin = _with_kin(ctx)
    found |= _among(_doubles_name(), kin) if kin else {}
    found |= calls_paths() if may_tell(ctx) else {}
    return found | (_doubles(_doubles_name(), types) if types else {})


def engine_paths_of(ctx: Context, info: TypeInfo, tag: str) -> dict[str, Schema]:
    """What engines add to the addresses of a type."""
    if info.key == "custom_field" and gate.allows(ctx, info, "edit"):
        return _kinds(tag)
    if identity_of(info.key) is None or not gate.allows(ctx, info, "merge"):
        return {}
    base, done = f"/api/v1/{info.key}/{{id}}", _merged(info)
    picks: Schema = {"type": "object", "additionalProperties": {"type": "string", "enum": ["one", "other", "both"]}}
    conditions = ("id", "Idempotency-Key")
    return {
        f"{base}/merge": {"post": operation(
            f"{info.key}.merge_in", _("Merge another one into this"), tag, done, parameters=conditions, writes=True,
            body=_body({"other": ID, "picks": picks}, "other"),
            about=_("What points at the other one points at this one afterwards; it can be taken back for 90 days."),
        )},
        f"{base}/unmerge": {"post": operation(
            f"{info.key}.unmerge", _("Take a merge back"), tag, done, parameters=conditions, writes=True,
            body=_body({"merge": ID}), body_needed=False, about=_("The last merge into this record, or the one that is named."),
        )},
    }  # fmt: skip


def engine_schemas() -> dict[str, Schema]:
    """The shapes of what engines answer."""
    states = [key for key, _label in ImportRun.STATES]
    progress: Schema = {"type": "object", "properties": {"done": _NUMBER, "total": {"type": ["integer", "null"]}}}
    brief: dict[str, Schema] = {
        "id": ID, "file": _TEXT, "state": {"type": "string", "enum": states}, "error": _MAYBE,
        "counts": {"type": "object", "additionalProperties": _NUMBER}, "problems": _NUMBER,
        "started_at": {"type": ["string", "null"], "format": "date-time"}, "progress": progress, "has_rejected": _TRUTH,
    }  # fmt: skip
    whole: dict[str, Schema] = {
        "reading": _OBJECT, "found": _OBJECT, "plan": _OBJECT, "checked": _MAYBE_OBJECT, "revert": _MAYBE_OBJECT,
    }  # fmt: skip
    problem: Schema = {"type": "object", "required": ["column", "sentence"], "properties": {"column": _MAYBE, "sentence": _TEXT}}
    line: dict[str, Schema] = {
        "line": _NUMBER, "cells": {"type": "array", "items": _TEXT}, "mends": _OBJECT, "left_out": _TRUTH, "is_open": _TRUTH,
        "problems": {"type": "array", "items": problem},
    }  # fmt: skip
    pair: dict[str, Schema] = {
        "id": _NUMBER, "type": _TEXT, "one": ID, "other": ID, "score": {"type": "number"}, "state": _TEXT,
        "reasons": {"type": "array"},
    }  # fmt: skip
    group: dict[str, Schema] = {
        "id": _NUMBER, "type": _TEXT, "members": {"type": "array", "items": ID}, "more": _NUMBER,
        "pairs": {"type": "array", "items": ref("Pair")},
    }  # fmt: skip
    kin: dict[str, Schema] = {
        "id": _NUMBER, "type": _TEXT, "other_type": _TEXT, "record": ID, "other": ID, "score": {"type": "number"},
        "state": _TEXT, "action": _TEXT, "reasons": {"type": "array"},
    }  # fmt: skip
    return {
        "Import": {"type": "object", "required": list(brief), "properties": {**brief, **whole}},
        "ImportLine": {"type": "object", "required": list(line), "properties": line},
        "Pair": {"type": "object", "required": list(pair), "properties": pair},
        "PairGroup": {"type": "object", "required": list(group), "properties": group},
        "KinPair": {"type": "object", "required": list(kin), "properties": kin},
    }


def _imports_name() -> str:
    return _("Imports")


def _doubles_name() -> str:
    return _("Duplicates")


def _with_doubles(ctx: Context) -> list[str]:
    """Types whose doubles this viewer may look through."""
    types = [registry.get(one.type) for one in identities()]
    return [info.key for info in types if gate.allows(ctx, info, "view") and gate.allows(ctx, info, "merge")]


def _imports(tag: str) -> dict[str, Schema]:
    one, run = f"{_IMPORTS}/{{id}}", ref("Import")
    name: Schema = {"name": "name", "in": "query", "required": False, "schema": _TEXT,
                    "description": _("The name of the file; its ending says nothing, its bytes do.")}  # fmt: skip
    upload = operation(
        "imports.upload", _("Upload a file"), tag, {"201": json_answer(_("What was found, and a plan."), run, "Location")},
        more=[name], writes=True, about=_("The file is the body, as it is. Nothing is written before “run”."),
    )  # fmt: skip
    upload["requestBody"] = {"required": True, "content": {
        kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in ("text/csv", "application/octet-stream")
    }}  # fmt: skip
    listed: Schema = {"type": "object", "required": ["items", "next"],
                      "properties": {"items": {"type": "array", "items": run}, "next": {"type": "null"}}}  # fmt: skip
    change = _body({"reading": _reading(), "plan": _OBJECT})
    change["minProperties"] = 1
    found: dict[str, Schema] = {
        _IMPORTS: {
            "get": operation("imports.list", _("Your imports"), tag, {"200": json_answer(_("The latest ones."), listed)}),
            "post": upload,
        },
        one: {
            "get": operation("imports.read", _("How an import goes"), tag, {"200": json_answer(_("The import."), run)},
                             parameters=("id",)),
            "patch": operation(
                "imports.change", _("Read the file in another way, or change the plan"), tag,
                {"200": json_answer(_("The import."), run)}, parameters=("id", "Idempotency-Key"), writes=True, body=change,
            ),
            "delete": operation("imports.forget", _("Throw an import away that has not begun"), tag,
                                {"204": {"description": _("It is gone.")}}, parameters=("id",), writes=True),
        },
        **_lines(tag, one),
    }  # fmt: skip
    for what, summary in _steps().items():
        body = _body({"force": {**_TRUTH, "description": _("With “revert”: also what was changed since.")}})
        found[f"{one}/{what}"] = {"post": operation(
            f"imports.{what}", summary, tag, {"202": json_answer(_("It is being done."), run)},
            parameters=("id", "Idempotency-Key"), writes=True, body=body, body_needed=False,
        )}  # fmt: skip
    return found


def _steps() -> dict[str, str]:
    """What can be done with an import."""
    return {
        "check": _("Check the whole file; nothing is written"), "run": _("Import the lines"), "pause": _("Pause"),
        "stop": _("Stop"), "foresee": _("See what taking it back would do"), "revert": _("Take it back"),
    }  # fmt: skip


def _reading() -> Schema:
    return {
        "type": "object", "additionalProperties": False,
        "properties": {"encoding": _TEXT, "delimiter": _TEXT, "sheet": _TEXT, "has_header": {"type": ["boolean", "null"]}},
    }  # fmt: skip


def _lines(tag: str, one: str) -> dict[str, Schema]:
    """Lines with a problem: listed, mended, and as a file."""
    page: Schema = {"type": "object", "required": ["items", "next"], "properties": {
        "items": {"type": "array", "items": ref("ImportLine")}, "next": {"type": ["integer", "null"]},
    }}  # fmt: skip
    after: Schema = {"name": "after", "in": "query", "required": False, "schema": {**_NUMBER, "minimum": 0},
                     "description": _("The “next” of the page before.")}  # fmt: skip
    line: Schema = {"name": "line", "in": "path", "required": True, "schema": {**_NUMBER, "minimum": 0, "maximum": 10**9}}
    cells: Schema = {"type": "object", "propertyNames": {"pattern": "^[0-9]{1,4}$"}, "additionalProperties": _TEXT}
    body = _body({"cells": cells, "left_out": {"type": ["boolean", "null"]}})
    file: Schema = {"description": _("The lines with the reasons."), "content": {"text/csv": {"schema": _TEXT}}}
    return {
        f"{one}/rows": {"get": operation(
            "imports.lines", _("Lines with a problem"), tag, {"200": json_answer(_("A page of lines."), page)},
            parameters=("id", "limit"), more=[after],
        )},
        f"{one}/rows/{{line}}": {"patch": operation(
            "imports.mend", _("Mend a line, or leave it out"), tag, {"200": json_answer(_("The line."), ref("ImportLine"))},
            parameters=("id", "Idempotency-Key"), writes=True, body=body, more=[line],
        )},
        f"{one}/rejected": {"get": operation(
            "imports.rejected", _("Lines that could not be taken, as a file"), tag, {"200": file}, parameters=("id",),
        )},
    }  # fmt: skip


def _doubles(tag: str, types: list[str]) -> dict[str, Schema]:
    page: Schema = {"type": "object", "required": ["items", "next"],
                    "properties": {"items": {"type": "array", "items": ref("Pair")}, "next": _MAYBE}}  # fmt: skip
    asked: list[Schema] = [
        {"name": "type", "in": "query", "required": False, "schema": {"type": "string", "enum": types}},
        {"name": "state", "in": "query", "required": False, "schema": {"type": "string", "enum": ["open", "apart"]}},
    ]
    pair: Schema = {"name": "id", "in": "path", "required": True, "schema": {**_NUMBER, "minimum": 1, "maximum": 10**15}}
    return {
        "/api/v1/duplicates": {"get": operation(
            "duplicates.list", _("Pairs that may be one"), tag, {"200": json_answer(_("Likeliest first."), page)},
            parameters=("limit", "cursor"), more=asked,
        )},
        "/api/v1/duplicates/{id}/apart": {"post": operation(
            "duplicates.apart", _("Say that the two are not the same"), tag, {"200": json_answer(_("The pair."), ref("Pair"))},
            parameters=("Idempotency-Key",), writes=True, body=_body({"apart": _TRUTH}), body_needed=False, more=[pair],
        )},
        **_groups(tag, asked[:1], pair),
    }  # fmt: skip


def _groups(tag: str, asked: list[Schema], pair: Schema) -> dict[str, Schema]:
    """Several records that may all be one."""
    page: Schema = {"type": "object", "required": ["items", "next"],
                    "properties": {"items": {"type": "array", "items": ref("PairGroup")}, "next": _MAYBE}}  # fmt: skip
    merge: Schema = {"type": "object", "required": ["id", "state", "survivor", "other"], "properties": {
        "id": ID, "state": _TEXT, "survivor": ID, "other": ID, "job": {},
    }}  # fmt: skip
    done: Schema = {"type": "object", "required": ["item", "merges"],
                    "properties": {"item": _MAYBE_OBJECT, "merges": {"type": "array", "items": merge}}}  # fmt: skip
    parted: Schema = {"type": "object", "required": ["parted"], "properties": {"parted": _NUMBER}}
    picks: Schema = {"type": "object", "additionalProperties": _TEXT}
    body = _body({"keep": ID, "others": {"type": "array", "items": ID, "minItems": 1}, "picks": picks}, "keep")
    one = "/api/v1/duplicates/groups/{id}"
    return {
        "/api/v1/duplicates/groups": {"get": operation(
            "duplicates.groups", _("Records that may all be one"), tag, {"200": json_answer(_("Likeliest first."), page)},
            parameters=("limit", "cursor"), more=asked,
        )},
        f"{one}/merge": {"post": operation(
            "duplicates.merge_group", _("Merge a group"), tag,
            {"200": json_answer(_("It is done."), done), "202": json_answer(_("It is being done."), done)},
            parameters=("Idempotency-Key",), writes=True, body=body, more=[pair],
            about=_("All members, or the others that are named, become part of the one that is kept; each can be taken back."),
        )},
        f"{one}/apart": {"post": operation(
            "duplicates.part_member", _("Say that a member is none of the others"), tag,
            {"200": json_answer(_("How many pairs were decided."), parted)}, parameters=("Idempotency-Key",), writes=True,
            body=_body({"member": ID}, "member"), more=[pair],
        )},
    }  # fmt: skip


def _with_kin(ctx: Context) -> list[tuple[str, str]]:
    """Types whose records may be there as another type already, for whoever may join them."""
    found = [(info.key, one.other) for info in registry.all() for one in reviewable_kin(ctx, info.key)]
    return sorted(found)


def _among(tag: str, kin: list[tuple[str, str]]) -> dict[str, Schema]:
    """Records that are there as another type already (a lead who is a customer)."""
    page: Schema = {"type": "object", "required": ["items", "next"],
                    "properties": {"items": {"type": "array", "items": ref("KinPair")}, "next": _MAYBE}}  # fmt: skip
    asked: list[Schema] = [
        {"name": "type", "in": "query", "required": False, "schema": {"type": "string", "enum": sorted({a for a, _b in kin})}},
        {"name": "other", "in": "query", "required": False, "schema": {"type": "string", "enum": sorted({b for _a, b in kin})}},
        {"name": "state", "in": "query", "required": False, "schema": {"type": "string", "enum": ["open", "apart"]}},
    ]
    pair: Schema = {"name": "id", "in": "path", "required": True, "schema": {**_NUMBER, "minimum": 1, "maximum": 10**15}}
    return {
        "/api/v1/duplicates/among": {"get": operation(
            "duplicates.among", _("Records that are there as another type already"), tag,
            {"200": json_answer(_("Likeliest first."), page)}, parameters=("limit", "cursor"), more=asked,
            about=_("They are joined by the action that each names."),
        )},
        "/api/v1/duplicates/among/{id}/apart": {"post": operation(
            "duplicates.part_kin", _("Say that the two are not the same"), tag,
            {"200": json_answer(_("The pair."), ref("KinPair"))}, parameters=("Idempotency-Key",), writes=True,
            body=_body({"apart": _TRUTH}), body_needed=False, more=[pair],
        )},
    }  # fmt: skip


def _merged(info: TypeInfo) -> dict[str, Schema]:
    merge: Schema = {"type": "object", "required": ["id", "state", "survivor", "other"], "properties": {
        "id": ID, "state": _TEXT, "survivor": ID, "other": ID, "job": {}, "stayed": _OBJECT,
    }}  # fmt: skip
    answer: Schema = {"type": "object", "required": ["item", "merge"],
                      "properties": {"item": {"anyOf": [ref(name_of(info)), {"type": "null"}]}, "merge": merge}}  # fmt: skip
    return {"200": json_answer(_("It is done."), answer), "202": json_answer(_("It is being done."), answer)}


def _kinds(tag: str) -> dict[str, Schema]:
    """How a change of kind goes."""
    count: Schema = {**_NUMBER, "minimum": 0}
    shape: dict[str, Schema] = {
        "id": ID, "state": {"type": "string", "enum": list(_KIND_STATES)}, "from": _TEXT, "to": _TEXT, "seen": count,
        "fitting": count, "unfitting": count, "rest_field": {"anyOf": [ID, {"type": "null"}]}, "reason": _MAYBE,
        "is_back": _TRUTH, "finished_at": {"type": ["string", "null"], "format": "date-time"},
    }  # fmt: skip
    answer: Schema = {"type": "object", "required": list(shape), "properties": shape}
    return {"/api/v1/custom_field/{id}/kind": {"get": operation(
        "custom_field.kind", _("How the last change of kind goes"), tag, {"200": json_answer(_("The change."), answer)},
        parameters=("id",), about=_("It is begun by the action “change_kind”."),
    )}}  # fmt: skip


def _body(members: dict[str, Schema], *needed: str) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": False, "properties": members}
    return {**found, "required": list(needed)} if needed else found
