"""A rating in a story: its score, and what was written with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.timeline.read import Told, tells
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_OPENING = 300


@tells("survey_answer")
def score_and_comment(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Told]:
    """What a rating says, as far as this viewer may see it."""
    rows = gate.visible(ctx, registry.get("survey_answer")).filter(pk__in=ids)
    return {pk: Told(headline, comment[:_OPENING]) for pk, headline, comment in rows.values_list("pk", "headline", "comment")}
