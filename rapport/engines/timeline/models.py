"""Which record shows in whose story: one row per (story, entry), kept by the write door's indexers."""

from __future__ import annotations

from django.db import models


class TimelineLink(models.Model):
    """The record `entry` shows in the story of the record `story` at the time `at`."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    story_id = models.UUIDField()
    entry_type = models.CharField(max_length=40)
    entry_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "story_id", "-at", "-id"], name="timeline_story_ix"),
            models.Index(fields=["entry_id"], name="timeline_entry_ix"),
        ]
