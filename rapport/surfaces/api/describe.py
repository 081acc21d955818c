"""What there is: the types, fields and actions of this workspace as this viewer may see them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from rapport import __version__
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import VERBS, actions_of
from rapport.kernel.context import Context
from rapport.kernel.kinds.base import OPS
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.problems import answer
from rapport.surfaces.api.reading import parameters


def index(ctx: Context, request: HttpRequest) -> HttpResponse:
    """GET /api/v1/: every type the viewer may see records of, with fields, operators, choices and actions."""
    parameters(request, ())
    operators = {key: {"label": str(op.label), "takes": op.takes} for key, op in OPS.items()}
    types = [_type(ctx, info) for info in registry.all() if gate.allows(ctx, info, "view")]
    return answer({"version": __version__, "types": types, "operators": operators}, 200, {})


def _type(ctx: Context, info: TypeInfo) -> dict[str, object]:
    fields = gate.fields(ctx, info)
    return {
        "key": info.key,
        "label": str(info.label),
        "plural": str(info.plural),
        "title": info.declared.title if info.declared.title in fields else None,
        "url": f"/api/v1/{info.key}",
        "may": {verb: gate.scope_of(ctx, info, verb) for verb in VERBS},
        "fields": [_field(ctx, f) for f in fields.values()],
        "relations": [
            {"key": relation.key, "type": relation.type.key, "field": relation.field}
            for relation in info.relations.values()
            if gate.allows(ctx, relation.type, "view")
        ],
        "actions": [
            {
                "key": one.key, "label": str(one.label), "help": one.help, "when": one.when, "bulk": one.bulk,
                "inputs": [_input(ctx, f) for f in one.fields().values()],
            }
            for one in actions_of(info.key).values()
            if gate.allows(ctx, info, one.key)
        ],
    }  # fmt: skip


def _input(ctx: Context, field: Field) -> dict[str, object]:
    return {
        "key": field.key, "label": str(field.label), "kind": field.kind.key, "required": field.required,
        **_more(ctx, field),
    }  # fmt: skip


def _field(ctx: Context, field: Field) -> dict[str, object]:
    may_set = ctx.viewer.group(field.see) == "edit"
    return {
        "key": field.key,
        "label": str(field.label),
        "help": str(field.help or ""),
        "kind": field.kind.key,
        "required": field.required,
        "custom": field.source == "custom",
        "computed": field.source == "computed",
        "create": may_set and field.settable(creating=True),
        "change": may_set and field.settable(creating=False),
        "by_action": list(field.by_action),
        "operators": list(field.kind.operators),
        "many": field.kind.many,
        "sortable": bool(field.sort_path),
        **_more(ctx, field),
    }


def _more(ctx: Context, field: Field) -> dict[str, object]:
    """What only some fields have: choices, the type pointed at, a longest length."""
    found: dict[str, object] = {}
    choices = getattr(field.kind, "choices", None)
    if choices is not None:
        labels = choices.words(ctx.format.language).labels
        found["choices"] = [{"value": value, "label": label} for value, label in labels.items()]
    if field.to:
        found["to"] = field.to
        found["only"] = field.only
    longest = getattr(field.kind, "max_length", None)
    if longest:
        found["max_length"] = longest
    return found
