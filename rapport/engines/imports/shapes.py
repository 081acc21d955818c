"""What a line of a file can become, in the words of people: a person, a company, a deal, and what ties them together.

Modules say it for their types; every other type that may be imported is a shape of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rapport.engines.imports.naming import may_bring, offered
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class Shape:
    """One thing that a line can become."""

    key: str
    type: str
    label: object
    icon: str = ""
    #: Values that every such record gets (a person is a customer of the kind person).
    given: Mapping[str, object] = field(default_factory=dict)
    #: Reference field -> shapes of the same line that it points at, the first one there.
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: How such records are recognised when the file has nothing better; "" for by the whole line.
    known_by: tuple[str, ...] = ()
    #: Made by itself where all that it ties together is there; nobody chooses it.
    is_tie: bool = False
    #: Names of columns that mean a field of this very shape ("company" is the name of a company).
    names: Mapping[str, str] = field(default_factory=dict)
    #: Fields that are this shape's rather than another's when a line becomes both (the industry is the company's).
    prefers: tuple[str, ...] = ()
    #: The higher, the earlier it takes the columns that several could have.
    eager: int = 0

    @property
    def info(self) -> TypeInfo:
        """The record type."""
        return registry.get(self.type)


_shapes: dict[str, Shape] = {}


def register_shape(shape: Shape) -> None:
    """Offer a shape; called by modules when they are loaded. The order is the order in which records are made."""
    _shapes[shape.key] = shape


def any_shape(ctx: Context) -> bool:
    """Whether there is anything that this viewer may make of a line; asked by every menu, so it ends with the first found."""
    if any(not one.is_tie and one.type in registry and may_bring(ctx, one.info) for one in _shapes.values()):
        return True
    return bool(shapes_for(ctx))


def shapes_for(ctx: Context) -> dict[str, Shape]:
    """What this viewer may make of a line, in the order of making."""
    found = {key: one for key, one in _shapes.items() if one.type in registry and may_bring(ctx, one.info)}
    covered = {one.type for one in found.values() if not one.is_tie}
    for info in registry.all():
        if info.key not in covered and info.key not in found and may_bring(ctx, info) and offered(ctx, info):
            icon = info.declared.menu[1] if info.declared.menu else ""
            found[info.key] = Shape(info.key, info.key, capital(str(info.label)), icon)
    order = [*(one for one in found.values() if not one.is_tie), *(one for one in found.values() if one.is_tie)]
    return {one.key: one for one in order}
