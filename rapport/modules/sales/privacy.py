"""Personal data in sales: leads go, deals lose their words, won deals stay as long as commercial law asks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from rapport.engines.privacy.registry import DELETE, EMPTY, on_erasure, retention
from rapport.modules.sales.models import Deal, Stage

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

for _key in ("lead", "deal_person"):
    on_erasure(_key, DELETE)
on_erasure("deal", EMPTY, why=_("Amount, stage and dates stay for the figures; names and words go."))


@retention("deal", years=7, reason=_("Commercial records of a sale are kept for seven years; only the person's name goes."))
def won_deals(ctx: Context, deal: Record) -> dt.date | None:
    """A won deal is kept from the day it was closed."""
    assert isinstance(deal, Deal)
    is_won = Stage.objects.filter(pk=deal.stage_id, outcome="won").exists()
    return (deal.closed_on or deal.updated_at.date()) if is_won else None
