"""What an import remembers: how far it came, and which lines without a key of their own it has already brought in."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class ImportRun(models.Model):
    """One file brought into one workspace. Its checkpoint is written in the transaction of each batch."""

    STATES = [("running", "running"), ("done", "done"), ("stopped", "stopped"), ("failed", "failed")]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: Type of the last step; a mapping may bring several types out of one file.
    type = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    #: SHA-256 of the file and of the mapping: the same again resumes, anything else starts anew.
    digest = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=STATES, default="running")
    #: The step of the mapping and the line of the file after which to go on.
    step = models.PositiveSmallIntegerField(default=0)
    line = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    #: Size of the file of rejected lines at the checkpoint; what a killed run wrote beyond is cut off.
    rejected_bytes = models.PositiveBigIntegerField(default=0)
    asked_by = models.UUIDField(null=True)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "imports"
        indexes = [models.Index(fields=["workspace", "digest"], name="importrun_digest_ix")]


class ImportedLine(models.Model):
    """A line that no match key tells from others, by the hash of its cells: it is brought in once."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    key = models.CharField(max_length=40)
    record_id = models.UUIDField()

    class Meta:
        app_label = "imports"
        indexes = [models.Index(fields=["workspace", "type", "key"], name="importedline_key_ix")]
