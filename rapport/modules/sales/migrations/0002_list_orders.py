"""Indexes for the orders that lists and boards of one owner, state or stage are read in."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Generated; made in one go on small tables, a few seconds for each million rows."""

    dependencies = [
        ("customers", "0002_list_orders"),
        ("kernel", "0002_search_index"),
        ("sales", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="deal",
            name="deal_owner_stage_ix",
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "stage", "closed_on", "id"],
                name="deal_stage_closed_on_ix",
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "stage", "updated_at", "id"],
                name="deal_stage_updated_at_ix",
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "stage", "amount_base", "owner", "team", "deleted_at", "id"],
                name="deal_stage_amount_base_owne_ix",
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "owner", "stage", "close_on", "id"],
                name="deal_owner_stage_close_on_ix",
            ),
        ),
    ]
