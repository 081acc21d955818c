"""What is known of an uploaded file: who brought it, and what we found out about its bytes ourselves."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class FileUpload(models.Model):
    """The receipt of one stored file. Name, type and size are ours; what a request says about them is not believed.

    The receipt decides who may put the file on a record: its uploader, or somebody who sees a record that holds it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    #: The user; empty for what Rapport itself stored. Plain, since the file may outlive the user.
    uploader_id = models.UUIDField(null=True)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    #: When a record first held it; a file that never got there is removed after a day.
    attached_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="fileupload_key_once")]
        indexes = [models.Index(fields=["created_at"], condition=models.Q(attached_at=None), name="fileupload_waiting_ix")]
