"""What a mapping wants to be there before the first line: custom fields, and records such as a pipeline with stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query.read import filtered
from rapport.kernel.query.tree import All, Test
from rapport.kernel.records.registry import registry

_FIELD_KEYS = {"on", "key", "label", "kind", "choices", "field_group", "is_required"}


def make_custom_fields(ctx: Context, wanted: Sequence[Mapping[str, object]], type_key: str) -> int:
    """Add the custom fields that are not there yet; one that is there with another kind is refused."""
    made = 0
    for one in wanted:
        unknown = sorted(set(one) - _FIELD_KEYS)
        if unknown or not isinstance(one.get("key"), str) or not isinstance(one.get("kind"), str):
            raise Invalid(_("A custom field of a mapping has “key”, “label” and “kind”, and may have: %(known)s.")
                          % {"known": ", ".join(sorted(_FIELD_KEYS))})
        on_type, name = str(one.get("on") or type_key), str(one["key"])
        key = name if name.startswith("c_") else f"c_{name}"
        there = gate.fields(ctx, registry.get(on_type)).get(key)
        if there is not None:
            if there.kind.key != one["kind"]:
                raise Invalid(_("The field “%(key)s” is there already as %(kind)s.") % {"key": key, "kind": there.kind.label})
            continue
        choices = one.get("choices") or ""
        ctx.create(
            "custom_field", on_type=on_type, key=key, label=str(one.get("label") or name), kind=str(one["kind"]),
            choices="\n".join(str(c) for c in choices) if isinstance(choices, list) else str(choices),
            field_group=str(one.get("field_group") or ""), is_required=bool(one.get("is_required")),
        )  # fmt: skip
        made += 1
    return made


def make_records(ctx: Context, wanted: Sequence[Mapping[str, object]]) -> int:
    """Create the records that are not there yet: {"create": type, "values": {...}, "match": [fields]}."""
    made = 0
    for one in wanted:
        values, match = one.get("values"), one.get("match")
        if set(one) - {"create", "values", "match"} or not isinstance(values, dict) or not isinstance(one.get("create"), str):
            raise Invalid(_("Each entry of “before” has “create” (a record type), “values” and perhaps “match”."))
        info = registry.get(str(one["create"]))
        keys = [str(key) for key in match] if isinstance(match, list) else [info.declared.title]
        if not keys or any(key not in values for key in keys):
            raise Invalid(_("“match” in “before” names fields that “values” gives."))
        same = All(tuple(Test((key,), "is", values[key]) for key in keys))
        if not filtered(ctx, info, same).exists():
            ctx.create(info.key, **values)
            made += 1
    return made
