"""The relationships of a record as a drawing made here, and as a list beside it that says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.errors import Gone
from rapport.kernel.kinds.markup import initials
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import panels
from rapport.kernel.slots.network import Node, Tie
from rapport.surfaces.web.answers import part_or_page

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: The drawing's own measures; it scales to the place it stands in.
WIDTH, HEIGHT = 720, 460
_RINGS = {1: (0.56, 0.52), 2: (0.94, 0.92)}
_CROWDED, _NEARER = 14, 0.72
#: So many on a ring have room for their words on the lines.
_ROOM_FOR_WORDS = 10
_LONGEST = 18


@dataclass(frozen=True)
class Spot:
    """Somebody with their place in the drawing."""

    node: Node
    x: int
    y: int
    initials: str
    name: str
    #: How they are tied, in words, for the list.
    ties: str = ""


@dataclass(frozen=True)
class Line:
    """A tie with its place in the drawing."""

    x1: int
    y1: int
    x2: int
    y2: int
    label: str


@require_GET
def network(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The drawing of a record's relationships, in a dialog or as a page."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get(type_key)
    record = gate.get(ctx, info, record_id)
    panel = next(iter(panels(ctx, "record.network", info, record)), None)
    if panel is None or panel.values.get("here") is None:
        raise Gone(_("There is no picture of relationships here."))
    here, nodes, ties = panel.values["here"], panel.values["nodes"], panel.values["ties"]
    assert isinstance(here, Node) and isinstance(nodes, list) and isinstance(ties, list)
    spots = place(here, nodes, ties)
    values = {
        "info": info, "record": record, "title": here.title, "here": spots[0], "spots": spots[1:], "lines": lines(spots, ties),
        "more": panel.values.get("more", 0), "width": WIDTH, "height": HEIGHT,
    }  # fmt: skip
    return part_or_page(request, "record/_network.html", "record/network_page.html", values)


def place(here: Node, nodes: Sequence[Node], ties: Sequence[Tie]) -> list[Spot]:
    """The record in the middle, those tied to it around it, and further out whoever is tied through them, each near
    the one they are tied by."""
    angles: dict[UUID, float] = {}
    near = [node for node in nodes if node.steps == 1]
    # One or two stand beside the record, where names have room; more begin at the top.
    begin = math.pi if len(near) <= 2 else -math.pi / 2
    for at, node in enumerate(near):
        angles[node.id] = 2 * math.pi * at / max(1, len(near)) + begin
    far = [node for node in nodes if node.steps == 2]
    far.sort(key=lambda node: _towards(node, ties, angles))
    for at, node in enumerate(far):
        angles[node.id] = 2 * math.pi * (at + 0.5) / max(1, len(far)) - math.pi / 2
    words = _words(here, nodes, ties)
    found = [_spot(here, WIDTH // 2, HEIGHT // 2)]
    for at, node in enumerate([*near, *far]):
        wide, high = _RINGS[node.steps]
        if len(nodes) > _CROWDED and at % 2:
            # Neighbours in a crowd stand nearer and further in turn, so that their names do not run into each other.
            wide, high = wide * _NEARER, high * _NEARER
        x = WIDTH / 2 * (1 + wide * math.cos(angles[node.id]) * 0.94)
        y = HEIGHT / 2 * (1 + high * math.sin(angles[node.id]) * 0.86)
        found.append(_spot(node, round(x), round(y), words.get(node.id, "")))
    return found


def _spot(node: Node, x: int, y: int, ties: str = "") -> Spot:
    name = node.title if len(node.title) <= _LONGEST else node.title[: _LONGEST - 1].rstrip() + "…"
    return Spot(node, x, y, initials(node.title), name, ties)


def _towards(node: Node, ties: Sequence[Tie], angles: Mapping[UUID, float]) -> float:
    ends = [tie.other if tie.one == node.id else tie.one for tie in ties if node.id in (tie.one, tie.other)]
    return next((angles[end] for end in ends if end in angles), 0.0)


def _words(here: Node, nodes: Sequence[Node], ties: Sequence[Tie]) -> dict[UUID, str]:
    """How each is tied: "works at → Hotel Aldersley"."""
    titles = {here.id: here.title, **{node.id: node.title for node in nodes}}
    found: dict[UUID, list[str]] = {}
    for tie in ties:
        found.setdefault(tie.one, []).append(f"{tie.label} → {titles[tie.other]}")
        found.setdefault(tie.other, []).append(f"{titles[tie.one]} → {tie.label}")
    return {pk: " · ".join(dict.fromkeys(words)) for pk, words in found.items()}


def lines(spots: Sequence[Spot], ties: Sequence[Tie]) -> list[Line]:
    """The ties between the spots; words stand on them while there is room."""
    at = {spot.node.id: spot for spot in spots}
    has_room = len(spots) <= _ROOM_FOR_WORDS + 1
    found = []
    for tie in ties:
        one, other = at.get(tie.one), at.get(tie.other)
        if one is not None and other is not None:
            label = tie.label if len(tie.label) <= _LONGEST else tie.label[: _LONGEST - 1] + "…"
            found.append(Line(one.x, one.y, other.x, other.y, label if has_room else ""))
    return found
