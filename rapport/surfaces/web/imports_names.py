"""Names in a file that mean nothing here (owners, stages, choices): what each may mean instead, and what was decided."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from rapport.engines.imports.choices import definition_of
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.shapes import shapes_for
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.format import capital
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry

#: References with more records than this are typed, not chosen.
_MOST_OPTIONS = 200
NOTHING, STOP = "-", ""


@dataclass
class Question:
    """One field with names that mean nothing."""

    name: str
    label: str
    shape: str
    texts: list[tuple[int, str, int]]
    options: list[tuple[str, str]] = field(default_factory=list)
    can_create: bool = False
    #: What would be created: records of another type, or ("") choices of a list of one's own.
    plural: str = ""


def questions(ctx: Context, run: ImportRun) -> list[Question]:
    """What to ask about the names that the check found."""
    found = []
    shapes = shapes_for(ctx)
    for one in run.checked.get("unknown", []):
        step = _steps(run.mapping)[one["step"]]
        key = one["field"]
        info = registry.get(str(step["as"]))
        fields = gate.fields(ctx, info, edit=True)
        if key not in fields:
            continue
        shape = shapes.get(str(step.get("shape", "")))
        texts = [(at, text, count) for at, (text, count) in enumerate(one["texts"])]
        question = Question(
            f"{one['step']}-{key}", capital(str(fields[key].label)), str(shape.label if shape else info.label), texts,
            options=_options(ctx, fields[key]),
        )  # fmt: skip
        if fields[key].to:
            to = registry.get(fields[key].to)
            question.can_create = gate.allows(ctx, to, "create") and not fields[key].only
            question.plural = str(to.plural)
        else:
            question.can_create = definition_of(ctx, info, fields[key]) is not None
        found.append(question)
    return found


def _options(ctx: Context, one: Field) -> list[tuple[str, str]]:
    if not one.to:
        choices = getattr(one.kind, "choices", None)
        return list(choices.words(ctx.format.language).labels.items()) if choices is not None else []
    info = registry.get(one.to)
    rows = gate.visible(ctx, info)
    if one.only:
        rows = rows.filter(compile_filter(ctx, info, parse(one.only)))
    some = list(rows.order_by("title_key", "pk").values_list("pk", flat=True)[: _MOST_OPTIONS + 1])
    if len(some) > _MOST_OPTIONS:
        return []
    titles = gate.titles(ctx, info, set(some))
    return [(str(pk), str(titles[pk])) for pk in some if pk in titles]


def decided(ctx: Context, run: ImportRun, given: QueryDict) -> dict[str, object]:
    """The plan with what was decided."""
    mapping = copy.deepcopy(run.mapping)
    steps = _steps(mapping)
    for one in questions(ctx, run):
        number, _dash, key = one.name.partition("-")
        step = steps[int(number)]
        values = dict(step.get("values") or {})  # type: ignore[call-overload]
        meant = dict(values.get(key) or {})
        for at, text, _count in one.texts:
            answer = given.get(f"n-{one.name}-{at}", STOP).strip()
            if answer == NOTHING:
                meant[text] = None
            elif answer:
                meant[text] = answer
        if meant:
            step["values"] = {**values, key: meant}
        wanted = one.can_create and bool(given.get(f"create-{one.name}"))
        if wanted and not one.plural:
            _add_choices(step, key, [text for at, text, _count in one.texts if not given.get(f"n-{one.name}-{at}", STOP).strip()])
        elif wanted:
            step["create_missing"] = {**dict(step.get("create_missing") or {}), key: True}  # type: ignore[call-overload]
    return mapping


def _add_choices(step: dict[str, object], key: str, texts: list[str]) -> None:
    """The step with more choices for a list; they are added when the import begins."""
    kept = dict(step.get("choices") or {})  # type: ignore[call-overload]
    step["choices"] = {**kept, key: [*kept.get(key, []), *texts]}


def _steps(mapping: Mapping[str, object]) -> list[dict[str, object]]:
    steps = mapping.get("steps")
    if not isinstance(steps, list):
        raise Gone(_("There is no such import of yours."))
    return steps
