"""The secret addresses under which people show their calendar in other programs. No records."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class CalendarFeed(models.Model):
    """One secret address; only the hash of its secret is stored. A person has at most one that lives."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("kernel.User", models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "user"], name="calendarfeed_user_ix")]
