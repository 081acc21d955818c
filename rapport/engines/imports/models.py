"""What an import remembers: how far it came, and which lines without a key of their own it has already brought in."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class ImportRun(models.Model):
    """One file brought into one workspace. Its checkpoint is written in the transaction of each batch."""

    STATES = [(one, one) for one in (
        "draft", "checking", "ready", "running", "paused", "stopped", "done", "failed", "reverting", "reverted",
        "foreseeing",
    )]  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: Type of the last step; a mapping may bring several types out of one file.
    type = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    #: SHA-256 of the file and of the mapping: the same again resumes, anything else starts anew.
    digest = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=STATES, default="running")
    #: The step of the mapping and the line of the file after which to go on.
    step = models.PositiveSmallIntegerField(default=0)
    line = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    #: Size of the file of rejected lines at the checkpoint; what a killed run wrote beyond is cut off.
    rejected_bytes = models.PositiveBigIntegerField(default=0)
    asked_by = models.UUIDField(null=True)
    error = models.TextField(blank=True)
    #: Where the file lies below the data folder; "" for a file of the command line, which stays where it is.
    stored = models.CharField(max_length=300, blank=True)
    #: How the file is to be read, and what the first look found.
    reading = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    #: SHA-256 of the column names: the same columns again are mapped as the last time.
    header_digest = models.CharField(max_length=64, blank=True)
    #: What the check of the whole file found: counts, lines, names that mean nothing here.
    checked = models.JSONField(default=dict)
    #: Lines with a problem that nobody has mended or left out yet.
    problems = models.PositiveIntegerField(default=0)
    #: The job that is at work, and what a person wants of it: "pause", "stop", or "".
    job_id = models.UUIDField(null=True)
    wanted = models.CharField(max_length=8, blank=True)
    #: Its changes have numbers after the first and up to the last, and its id as their cause.
    after_number = models.BigIntegerField(null=True)
    last_number = models.BigIntegerField(null=True)
    #: Taking it back: the change number down to which that has come, whether over later changes too, and what came of it.
    revert_number = models.BigIntegerField(null=True)
    revert = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "imports"
        indexes = [
            models.Index(fields=["workspace", "digest"], name="importrun_digest_ix"),
            models.Index(fields=["workspace", "asked_by", "-started_at"], name="importrun_asked_ix"),
            models.Index(fields=["workspace", "header_digest", "-started_at"], name="importrun_header_ix"),
        ]


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


class ImportRow(models.Model):
    """A line of a file that has a problem, was mended before anything was written, or is left out."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="+", db_index=False)
    line = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    #: [[column or "", sentence], …]; empty once the line is mended.
    reasons = models.JSONField(default=list)
    #: Place of the column -> text that stands there instead.
    mends = models.JSONField(default=dict)
    is_left_out = models.BooleanField(default=False)
    #: Somebody must still look at it.
    is_open = models.BooleanField(default=True)

    class Meta:
        app_label = "imports"
        constraints = [models.UniqueConstraint(fields=["workspace", "run", "line"], name="importrow_line_uq")]
        indexes = [models.Index(fields=["workspace", "run", "is_open", "line"], name="importrow_open_ix")]
