"""Named places where modules add panels, menu entries and settings; surfaces ask what is registered there.

Places: "home.main", "home.aside", "record.main" (above the story), "record.html" (foreign HTML, shown on a page of its own),
"record.aside", "record.header", "record.composer" (composing.py), "record.brief", "record.health", "record.figures"
(briefing.py), "record.network" (network.py), "record.reading" (what a record is read as), "record.page" (one panel in place
of the page), "record.live" (what an open page asks for again), "menu", "bell", "create.<type>". A filler is a function
(ctx, info, record) -> Panel or None; it reads through the gate like everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo


@dataclass(frozen=True)
class Panel:
    """What a slot shows: a title and a template of the module with its values; `count` stands beside the title."""

    title: object
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    count: str = ""
    url: str = ""


Filler = Callable[["Context", "TypeInfo | None", "Record | None"], Panel | None]
_fillers: dict[str, list[tuple[int, str, Filler]]] = {}


def slot(place: str, *, type_key: str = "", order: int = 100) -> Callable[[Filler], Filler]:
    """Fill a place (decorator), for one type or for all, in the given order."""

    def add(function: Filler) -> Filler:
        _fillers.setdefault(place, []).append((order, type_key, function))
        _fillers[place].sort(key=lambda entry: entry[0])
        return function

    return add


def is_filled(place: str, type_key: str) -> bool:
    """Whether any module fills a place for a type at all; asks no database."""
    return any(key in ("", type_key) for _order, key, _function in _fillers.get(place, []))


def panels(ctx: Context, place: str, info: TypeInfo | None = None, record: Record | None = None) -> list[Panel]:
    """What is to be shown in a place for this viewer."""
    found = []
    for _order, type_key, function in _fillers.get(place, []):
        if type_key in ("", info.key if info else ""):
            panel = function(ctx, info, record)
            if panel is not None:
                found.append(panel)
    return found
