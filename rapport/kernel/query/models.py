"""Tables that make records findable: one search entry per record and field group, one row per value of a multi-valued field.

Both are written by the write door in the transaction of the change, never read past the gate.
"""

from __future__ import annotations

from django.db import models

from rapport.kernel.records.model import KeyField


class SearchEntry(models.Model):
    """Words of one record in one field group; SQLite keeps a trigram index in `kernel_search_fts`, PostgreSQL a GIN index."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    #: Field group of the words; "" is open to whoever sees the record.
    group = models.CharField(max_length=60, blank=True)
    title_key = KeyField(max_length=200)
    text = models.TextField()

    class Meta:
        app_label = "kernel"
        indexes = [
            models.Index(fields=["record_id"], name="search_record_ix"),
            models.Index(fields=["workspace", "title_key"], name="search_title_ix"),
        ]


class IndexedValue(models.Model):
    """One value of a multi-valued field, normalised: a phone's digits, an e-mail address, a tag."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    field = models.CharField(max_length=60)
    key = KeyField(max_length=200)
    record_id = models.UUIDField()

    class Meta:
        app_label = "kernel"
        indexes = [
            models.Index(fields=["workspace", "type", "field", "key", "record_id"], name="value_key_ix"),
            models.Index(fields=["record_id", "field"], name="value_record_ix"),
        ]
