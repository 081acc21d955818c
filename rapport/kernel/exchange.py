"""Dated exchange rates: what one unit of a foreign currency is worth in the workspace's currency."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.kinds import ScaledField
from rapport.kernel.records.model import Record, record_indexes


class ExchangeRate(Record):
    """On this day one unit of `currency` was worth `rate` units of the workspace's currency."""

    currency = models.CharField(_("currency"), max_length=3)
    on_date = models.DateField(_("from"))
    rate = ScaledField(_("rate"), decimals=6)

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("exchange rate"), _("exchange rates")
        indexes = record_indexes("rate", ("currency", "on_date"))


def rate_for(currency: str, on_date: dt.date) -> tuple[Decimal, dt.date] | None:
    """The newest rate not later than the day, and its date; None when the workspace has none. Inside `use_workspace`."""
    row = (
        ExchangeRate.objects.filter(currency=currency, on_date__lte=on_date, deleted_at=None).order_by("-on_date").first()
    )
    if row is None:
        return None
    value = row.rate
    return (value if isinstance(value, Decimal) else Decimal(value)), row.on_date
