"""Indexes for the orders that lists and boards of one owner, state or stage are read in."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Generated; made in one go on small tables, a few seconds for each million rows."""

    dependencies = [
        ("customers", "0001_initial"),
        ("kernel", "0002_search_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "owner", "title_key", "id"],
                name="customer_owner_title_key_ix",
            ),
        ),
    ]
