"""A rating in a story: its score, and what was written with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

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
    found = {}
    for pk, headline, comment, score in rows.values_list("pk", "headline", "comment", "score"):
        survey = headline.partition(" · ")[2]
        title = headline if score is not None else _("Asked, not answered yet: %(survey)s") % {"survey": survey}
        found[pk] = Told(title, comment[:_OPENING])
    return found
