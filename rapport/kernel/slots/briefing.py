"""What modules put into the slots "record.brief", "record.health" and "record.figures": lines, parts of a score, sums.

A filler gives a `Panel` whose value "lines", "parts" or "figures" is a list of these. Tickets, orders and debts come in
the same way once there are modules for them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BriefLine:
    """One fact to know before one calls."""

    icon: str
    label: object
    text: object
    url: str = ""
    #: "bad" or "warn" for what should not be overlooked.
    hue: str = ""
    detail: object = ""


@dataclass(frozen=True)
class HealthPart:
    """Why a score is what it is: so many points, for this reason."""

    points: int
    reason: object


@dataclass(frozen=True)
class SlotFigure:
    """A key figure that a module adds to the header."""

    label: object
    value: object
    remark: object = ""
    url: str = ""
