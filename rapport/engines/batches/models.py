"""A batch: what was done to many records, how far it is, and where in the change log its changes stand."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class Batch(models.Model):
    """One thing done to many records by one person. Its changes carry its id as their cause."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: Key of the record type.
    type = models.CharField(max_length=40)
    actor_id = models.UUIDField()
    #: {"do": "edit", "values": …}, {"do": "tags", "key", "add", "remove"}, {"do": "delete"}, {"do": "run", "action",
    #: "values"}, {"do": "undo", "batch"}; values in the kinds' json shape.
    what = models.JSONField()
    #: Records still to come; empty when it is over.
    left = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    #: Rows left out: not there for this person, or not theirs to change.
    refused = models.PositiveIntegerField(default=0)
    #: A few distinct sentences about rows left out.
    problems = models.JSONField(default=list)
    #: Its changes have numbers after the first and up to the last (other people's may lie between).
    after_number = models.BigIntegerField()
    last_number = models.BigIntegerField(null=True)
    job_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "batches"
        indexes = [models.Index(fields=["workspace", "actor_id", "-at"], name="batch_actor_ix")]
