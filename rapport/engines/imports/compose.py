"""From columns assigned to shapes to a mapping, and back: the one plan that browser, command line and API speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rapport.engines.imports.facts import Facts
from rapport.engines.imports.guess import chosen_shapes
from rapport.engines.imports.naming import ID
from rapport.engines.imports.shapes import Shape

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Words of a step that people set for a shape; the rest follows from the columns.
SETTINGS = ("match", "mode", "fill_only", "create_missing", "values", "date_order", "numbers", "currency", "choices")


def compose(
    ctx: Context, assigned: Mapping[str, str], shapes: Mapping[str, Shape], settings: Mapping[str, Mapping[str, object]]
) -> dict[str, object]:
    """The mapping for columns given as "shape:field"; `settings` by shape override what is usual."""
    del ctx
    chosen = set(chosen_shapes(assigned))
    for key, one in shapes.items():
        if one.is_tie and all(set(tied) & chosen for tied in one.links.values()):
            chosen.add(key)
        elif one.is_tie:
            chosen.discard(key)
    steps = []
    for key, shape in shapes.items():
        if key not in chosen:
            continue
        columns = {name: target.partition(":")[2] for name, target in assigned.items() if target.partition(":")[0] == key}
        step: dict[str, object] = {"as": shape.type, "shape": key, "columns": columns}
        if shape.given:
            step["set"] = dict(shape.given)
        links = {field: there for field, some in shape.links.items() if (there := [one for one in some if one in chosen])}
        mapped = {target.partition(".")[0] for target in columns.values()}
        if links := {field: there for field, there in links.items() if field not in mapped}:
            step["links"] = links
        step["match"] = usual_match(shape, mapped | set(links), alone=len(chosen) == 1)
        step |= {name: value for name, value in settings.get(key, {}).items() if name in SETTINGS}
        step["match"] = [one for one in step["match"] if _is_fed(shape, one, mapped | set(links))]  # type: ignore[union-attr]
        steps.append(step)
    return {"together": True, "steps": steps}


def usual_match(shape: Shape, mapped: set[str], *, alone: bool) -> list[object]:
    """How records of a shape are recognised when nobody says: by number, by address, else as the shape says."""
    found: list[object] = [key for key in (ID, "external_id") if key in mapped]
    if any(shape.info.fields[key].kind.key in ("email", "one_email") for key in mapped if key in shape.info.fields):
        found.append("email")
    if not found and shape.known_by and (shape.is_tie or not alone or shape.known_by != (shape.info.declared.title,)):
        found.append(list(shape.known_by) if len(shape.known_by) > 1 else shape.known_by[0])
    return found


def match_choices(shape: Shape, mapped: set[str]) -> list[str]:
    """The match keys that the mapped columns allow, for people to choose from."""
    fields = shape.info.fields
    kinds = {fields[key].kind.key for key in mapped if key in fields}
    found = [key for key in (ID, "external_id") if key in mapped]
    found += [name for name, some in (("email", {"email", "one_email"}), ("phone", {"phone"})) if kinds & some]
    if kinds & {"web", "email"}:
        found.append("domain")
    title = shape.info.declared.title
    return [*found, title] if title in mapped else found


def _is_fed(shape: Shape, key: object, mapped: set[str]) -> bool:
    if isinstance(key, list):
        return all(one in mapped for one in key)
    return key in match_choices(shape, mapped) or key in mapped


def assigned_of(mapping: Mapping[str, object]) -> dict[str, str]:
    """The columns of a mapping as "shape:field"; the way back from `compose`."""
    found: dict[str, str] = {}
    steps = mapping.get("steps")
    for step in steps if isinstance(steps, list) else [mapping]:
        for name, target in (step.get("columns") or {}).items():
            if target:
                found[name] = f"{step.get('shape') or step.get('as')}:{target}"
    return found


def settings_of(mapping: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """What people set for each shape."""
    steps = mapping.get("steps")
    return {
        str(step.get("shape") or step.get("as")): {name: step[name] for name in SETTINGS if name in step}
        for step in (steps if isinstance(steps, list) else [])
    }


def usual_settings(facts: Facts, shapes: Sequence[str]) -> dict[str, dict[str, object]]:
    """What the first look says about days and figures, for every shape."""
    found = {"date_order": facts.date_order, "numbers": facts.numbers}
    return {key: {name: value for name, value in found.items() if value} for key in shapes}
