"""The change log: who changed which field of which record when, through what, and because of what."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class Change(models.Model):
    """One write to one record. Numbers rise without gaps per workspace, in the order of commits."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    number = models.BigIntegerField()
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    #: Version of the record after this change.
    version = models.PositiveIntegerField()
    verb = models.CharField(max_length=20)  # create, update, delete, restore
    action = models.CharField(max_length=40, blank=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    surface = models.CharField(max_length=20)
    cause_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    #: {field key: [before, after]} in the kinds' json shape.
    diff = models.JSONField(default=dict)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="change_number_once")]
        indexes = [models.Index(fields=["workspace", "record_id", "-number"], name="change_record_ix")]


class ReaderCursor(models.Model):
    """How far a reader of the change log has come in a workspace."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+")
    reader = models.CharField(max_length=60)
    number = models.BigIntegerField(default=0)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["workspace", "reader"], name="reader_once")]
