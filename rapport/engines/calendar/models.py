"""How people have their calendar in other programs: secret addresses that show it, and devices that also write. No records."""

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


class CalendarDevice(models.Model):
    """A program of a person's that reads and writes their calendar (CalDAV); only the hash of its password is stored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("kernel.User", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "user"], name="calendardevice_user_ix")]


class DeviceEntry(models.Model):
    """The name under which a person's programs know an entry, and what they keep with it that Rapport does not."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey("kernel.User", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=63)
    record_id = models.UUIDField()
    name = models.CharField(max_length=200)
    #: Reminders and the like, as iCalendar.
    kept = models.TextField(default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user", "type", "name"], name="deviceentry_name_uq"),
            models.UniqueConstraint(fields=["workspace", "user", "record_id"], name="deviceentry_record_uq"),
        ]
