"""Actions: one function = button, bulk action, API call, automation step and command; its form comes from its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapport.kernel.kinds.base import Kind
from rapport.kernel.records.declare import RecordType
from rapport.kernel.records.field import Field

if TYPE_CHECKING:
    pass

#: Verbs every type has; an action may not take these keys.
VERBS = (
    "view", "create", "edit", "delete", "reassign", "export", "mass_edit", "import", "merge", "share", "audit",
)  # fmt: skip


@dataclass(frozen=True)
class Input:
    """One input of an action, declared as the default of a keyword parameter: `reason=Input(TextKind, _("reason"))`."""

    kind: type[Kind]
    label: object
    required: bool = True
    #: For references: the type pointed at, and a filter in the query grammar.
    to: str = ""
    only: str = ""
    #: Copies kind, label, choices and reference from this field of the type.
    like: str = ""
    default: object = None
    options: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Action:
    """A verb of a record type."""

    key: str
    type: type[RecordType]
    label: object
    run: Callable[..., object]
    inputs: tuple[tuple[str, Input], ...]
    when: str
    icon: str
    help: str
    danger: bool
    hands_over: bool
    primary: bool
    bulk: bool

    def fields(self) -> dict[str, Field]:
        """The inputs as Fields, for forms, the API schema and the command line."""
        found = {}
        for name, given in self.inputs:
            kind = given.kind(**dict(given.options or {}))
            if given.to:
                kind.to = given.to  # type: ignore[attr-defined]
            found[name] = Field(
                key=name, label=given.label, kind=kind, source="input", path=name, columns=(name,),
                required=given.required, to=given.to, only=given.only, default=given.default,
            )  # fmt: skip
        return found


_actions: dict[str, dict[str, Action]] = {}


def action(
    declared: type[RecordType], label: object, *, when: str = "", icon: str = "zap", danger: bool = False,
    hands_over: bool = False, primary: bool = False, bulk: bool = True,
) -> Callable[[Callable[..., object]], Callable[..., object]]:  # fmt: skip
    """Declare an action: the function's name is its key for ever, its keyword-only parameters are its inputs.

    The function is called as `f(ctx, record, **inputs)` inside one transaction, and may return a record to go to.
    """

    def add(function: Callable[..., object]) -> Callable[..., object]:
        inputs = tuple(
            (name, p.default)
            for name, p in inspect.signature(function).parameters.items()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        )
        made = Action(
            key=function.__name__, type=declared, label=label, run=function, inputs=inputs, when=when, icon=icon,
            help=(function.__doc__ or "").strip().split("\n")[0], danger=danger, hands_over=hands_over,
            primary=primary, bulk=bulk,
        )  # fmt: skip
        _actions.setdefault(declared.key, {})[made.key] = made
        return function

    return add


def actions_of(type_key: str) -> dict[str, Action]:
    """The declared actions of a type, by key."""
    return _actions.get(type_key, {})


def check_inputs(found: Sequence[Action]) -> list[str]:
    """What is wrong with declared inputs (for the boot checks)."""
    wrong = []
    for one in found:
        if one.key in VERBS:
            wrong.append(f"{one.type.key}.{one.key} takes the name of a built-in verb.")
        wrong += [
            f"{one.type.key}.{one.key}: the parameter {name} needs an Input(...) as its default."
            for name, given in one.inputs
            if not isinstance(given, Input)
        ]
    return wrong


__all__ = ["VERBS", "Action", "Input", "action", "actions_of", "check_inputs"]
