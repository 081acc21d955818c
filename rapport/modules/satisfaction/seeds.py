"""What a new workspace starts with: three surveys, all switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t

from rapport.kernel.access.setup import workspace_seed

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@workspace_seed
def first_surveys(ctx: Context) -> None:
    """Satisfaction and ease after a ticket, recommendation twice a year."""
    ctx.create("survey", name=_t("Satisfaction after a ticket"), kind="csat", asks="ticket")
    ctx.create("survey", name=_t("Recommendation, twice a year"), kind="nps", asks="regular", every_months=6,
               customers="stage is any of (customer, advocate)")  # fmt: skip
    ctx.create("survey", name=_t("Ease after a ticket"), kind="ces", asks="ticket")
