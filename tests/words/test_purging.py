"""A deleted field keeps its values for a month; then nothing of them is left."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from rapport.engines.words.purging import purge_deleted
from rapport.kernel.custom.models import CustomField, UniqueValue
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def test_values_go_a_month_after_their_field(cast: Cast) -> None:
    """After a day they are there still, after a month neither in the record nor in any index; other fields stay."""
    ana = cast.ctx("ana")
    gone = ana.create("custom_field", label="Gone", kind="text", on_type="customer", is_unique=True, is_fast=True)
    ana.create("custom_field", label="Stays", kind="text", on_type="customer")
    record = ana.create("customer", name="Fern", c_gone="secret", c_stays="here")
    ana.delete(gone)

    def purge() -> dict[str, object]:
        enqueue(purge_deleted)
        run_due()
        return registry.get("customer").model.objects.get(pk=record.pk).custom

    assert purge() == {"c_gone": "secret", "c_stays": "here"}
    CustomField.objects.filter(pk=gone.pk).update(deleted_at=timezone.now() - dt.timedelta(days=31))
    assert purge() == {"c_stays": "here"}
    assert not IndexedValue.objects.filter(workspace_id=cast.home.pk, field__startswith="c_gone").exists()
    assert not UniqueValue.objects.filter(workspace_id=cast.home.pk).exists()
