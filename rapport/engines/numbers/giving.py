"""Giving the next number of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, transaction

from rapport.engines.numbers.models import Series

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def next_number(ctx: Context, key: str) -> int:
    """The next number of a series, from 1. Nobody else gets the same one: until the transaction that uses it ends, others who
    want one wait. Taken inside that transaction there are no gaps either."""
    mine = Series.objects.filter(workspace_id=ctx.workspace.pk, key=key)
    with transaction.atomic():
        if not mine.update(last=models.F("last") + 1):
            Series.objects.bulk_create([Series(workspace_id=ctx.workspace.pk, key=key)], ignore_conflicts=True)
            mine.update(last=models.F("last") + 1)
        return mine.values_list("last", flat=True).get()


def reach_number(ctx: Context, key: str, number: int) -> None:
    """A number that came from elsewhere (an import) is not given again."""
    mine = Series.objects.filter(workspace_id=ctx.workspace.pk, key=key)
    Series.objects.bulk_create([Series(workspace_id=ctx.workspace.pk, key=key)], ignore_conflicts=True)
    mine.filter(last__lt=number).update(last=number)
