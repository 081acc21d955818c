"""Boot checks: a wrong declaration stops the start with an id and a hint, never a click later on."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error

from rapport.kernel.actions.registry import actions_of, check_inputs
from rapport.kernel.query.text import parse
from rapport.kernel.records.declare import RecordType, Related, Section
from rapport.kernel.records.registry import TypeInfo, registry

#: RecordType must not become a second options.py.
_MOST_ATTRIBUTES = 18


def check_declarations(app_configs: object = None, **kwargs: object) -> list[CheckMessage]:
    """All errors in all declarations."""
    try:
        types = list(registry.shipped().values())
    except Exception as wrong:
        return [Error(f"A record type cannot be derived: {wrong!r}", id="rapport.E001")]
    found: list[CheckMessage] = []
    if len([a for a in vars(RecordType) if not a.startswith("_") and a in RecordType.__annotations__]) > _MOST_ATTRIBUTES:
        found.append(Error("RecordType has too many attributes.", id="rapport.E002"))
    for info in types:
        found += [Error(text, hint=f"See {info.declared.__module__}.", id=code) for code, text in _wrong(info)]
    return found


def _wrong(info: TypeInfo) -> Iterator[tuple[str, str]]:
    declared, fields = info.declared, info.fields
    if not declared.__doc__:
        yield "rapport.E003", f"{info.key} has no docstring saying what it is."
    if declared.title not in fields:
        yield "rapport.E004", f"{info.key}: the title {declared.title!r} is no field."
    model_fields = {f.name for f in info.model._meta.concrete_fields}
    for name in declared.uses:
        if name not in model_fields and name not in fields:
            yield "rapport.E005", f"{info.key}: uses[{name!r}] names no field."
    named: list[tuple[str, str]] = [("list_columns", n) for n in declared.list_columns]
    named += [("search", n) for n in declared.search]
    for part in declared.page:
        if isinstance(part, Section):
            named += [("page", n) for n in part.fields]
        else:
            yield from _wrong_related(info, part)
    if declared.board:
        named += [("board", declared.board.by), *[("board", n) for n in declared.board.card]]
        if declared.board.move not in actions_of(info.key):
            yield "rapport.E008", f"{info.key}: the board moves by {declared.board.move!r}, which is no action."
    if declared.timeline:
        named += [("timeline", declared.timeline.at), *[("timeline", n) for n in declared.timeline.on]]
    for where, name in named:
        if name not in fields:
            yield "rapport.E006", f"{info.key}: {where} names {name!r}, which is no field."
    for text in [*declared.views.values(), *[a.when for a in actions_of(info.key).values()]]:
        yield from _wrong_filter(info, text.split("|")[0].strip())
    for sentence in check_inputs(list(actions_of(info.key).values())):
        yield "rapport.E009", sentence


def _wrong_related(info: TypeInfo, part: Related) -> Iterator[tuple[str, str]]:
    if part.type not in registry:
        yield "rapport.E007", f"{info.key}: related type {part.type!r} is unknown."
    elif part.field not in registry.get(part.type).fields:
        yield "rapport.E007", f"{info.key}: {part.type} has no field {part.field!r}."


def _wrong_filter(info: TypeInfo, text: str) -> Iterator[tuple[str, str]]:
    if not text:
        return
    try:
        parse(text)
    except Exception as wrong:
        yield "rapport.E010", f"{info.key}: the filter {text!r} does not parse: {wrong}"
