"""What remains of an erasure: that it happened. No personal data."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class Erasure(models.Model):
    """One erasure of one person's data: who, when, why, how much, and until when a law keeps some of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=40)
    #: How many records of each type were deleted, emptied or kept, how many log entries and files.
    counts = models.JSONField(default=dict)
    #: The first day on which something that a law keeps may go too; None when nothing was kept.
    kept_until = models.DateField(null=True)

    class Meta:
        app_label = "privacy"
        indexes = [models.Index(fields=["workspace", "record_id"], name="erasure_record_ix")]
