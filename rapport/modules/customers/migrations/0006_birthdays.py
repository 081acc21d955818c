"""Birthdays beside their owners in the value index, for customers that were there before."""

from __future__ import annotations

from uuid import UUID

from django.db import migrations

_BATCH = 1_000


def index_owned(apps: object, schema_editor: object) -> None:
    """One more key for every customer with a birthday and an owner, in batches."""
    customer = apps.get_model("customers", "Customer")  # type: ignore[attr-defined]
    value = apps.get_model("kernel", "IndexedValue")  # type: ignore[attr-defined]
    rows = customer.objects.filter(birthday__isnull=False, owner_id__isnull=False, deleted_at=None)
    last = UUID(int=0)
    while got := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", "workspace_id", "owner_id", "birthday")[:_BATCH]):
        last = got[-1][0]
        value.objects.bulk_create(
            [
                value(
                    workspace_id=workspace, type="customer", field="birthday:owner", key=f"{owner.hex}:{day:%m-%d}", record_id=pk
                )
                for pk, workspace, owner, day in got
            ]
        )


def forget(apps: object, schema_editor: object) -> None:
    """Without the keys, as before."""
    apps.get_model("kernel", "IndexedValue").objects.filter(field="birthday:owner").delete()  # type: ignore[attr-defined]


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_consent_by_team"), ("kernel", "0007_file_uploads")]

    operations = [migrations.RunPython(index_owned, forget)]
