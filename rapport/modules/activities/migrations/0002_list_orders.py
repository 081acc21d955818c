"""Indexes for the orders that lists and boards of one owner, state or stage are read in."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Generated; made in one go on small tables, a few seconds for each million rows."""

    dependencies = [
        ("activities", "0001_initial"),
        ("customers", "0001_initial"),
        ("kernel", "0002_search_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "owner", "happened_at", "id"],
                name="activity_owner_happened_at_ix",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["workspace", "state", "due_on", "id"],
                name="task_state_due_on_ix",
            ),
        ),
    ]
