"""The top of a record page as modules fill it: what to know before one calls, and the health with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.kernel.slots import panels
from rapport.kernel.slots.briefing import BriefLine, HealthPart
from rapport.surfaces.web.figures import Figure

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Where every score begins, before the reasons.
BEGINS_AT = 50
#: From here on good, from there on in need of care, below at risk.
GOOD, CARE = 70, 45


@dataclass(frozen=True)
class Health:
    """A score from 0 to 100 with the reasons it is made of."""

    score: int
    word: str
    hue: str
    parts: list[HealthPart]
    begins_at: int = BEGINS_AT


def brief_of(ctx: Context, info: TypeInfo, record: Record) -> list[BriefLine]:
    """The lines of all modules, in their order."""
    return [line for panel in panels(ctx, "record.brief", info, record) for line in panel.values.get("lines", ())]  # type: ignore[union-attr, attr-defined]


def health_of(ctx: Context, info: TypeInfo, record: Record) -> Health | None:
    """The health of a record; None when there is no rule for its type, or when the viewer may not see what a rule
    looks at: a score of half the truth would mislead, and the other half show through it."""
    found = panels(ctx, "record.health", info, record)
    if not found or any(panel.values.get("is_hidden") for panel in found):
        return None
    parts = [part for panel in found for part in panel.values.get("parts", ())]  # type: ignore[union-attr, attr-defined]
    score = min(100, max(0, BEGINS_AT + sum(part.points for part in parts)))
    word, hue = (_("Good"), "ok") if score >= GOOD else (_("Needs care"), "warn") if score >= CARE else (_("At risk"), "bad")
    return Health(score, word, hue, parts)


def slot_figures(ctx: Context, info: TypeInfo, record: Record) -> list[Figure]:
    """Key figures that modules add."""
    return [
        Figure(str(one.label), str(one.value), str(one.remark), url=one.url)
        for panel in panels(ctx, "record.figures", info, record)
        for one in panel.values.get("figures", ())  # type: ignore[union-attr, attr-defined]
    ]
