"""Pairs that may be one, how far the search for them is, and what each merge did, so that it can be taken back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from rapport.kernel.ids import new_id


class DuplicatePair(models.Model):
    """Two records of one type that may be the same. `one_id` is always the smaller id."""

    OPEN, APART = "open", "apart"

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    one_id = models.UUIDField()
    other_id = models.UUIDField()
    #: 0 to 100.
    score = models.PositiveSmallIntegerField()
    #: What speaks for and against: [[why, [field keys], weight in percent], …]. No value of a record stands here.
    evidence = models.JSONField(default=list)
    #: "open", or "apart" when somebody said that they are two: for ever.
    state = models.CharField(max_length=5, default=OPEN)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    #: The scan that saw the pair last; those it did not see again are gone.
    scan = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "duplicates"
        constraints = [models.UniqueConstraint(fields=["workspace", "type", "one_id", "other_id"], name="duplicatepair_once")]
        indexes = [
            models.Index(fields=["workspace", "type", "-score", "id"], name="duplicatepair_open_ix", condition=Q(state="open")),
            models.Index(fields=["workspace", "other_id"], name="duplicatepair_other_ix"),
            models.Index(fields=["workspace", "one_id"], name="duplicatepair_one_ix"),
        ]


class KinPair(models.Model):
    """A record, and one of another type that may be the same person or company (a lead, and a customer)."""

    OPEN, APART = "open", "apart"

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    other_type = models.CharField(max_length=40)
    other_id = models.UUIDField()
    #: The input of the joining action that takes the other record.
    input = models.CharField(max_length=60)
    #: 0 to 100.
    score = models.PositiveSmallIntegerField()
    #: As of `DuplicatePair`; a field of `type` has "<" before its key, the others are fields of `other_type`.
    evidence = models.JSONField(default=list)
    state = models.CharField(max_length=5, default=OPEN)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    scan = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "duplicates"
        constraints = [models.UniqueConstraint(fields=["workspace", "type", "record_id", "other_id"], name="kinpair_once")]
        indexes = [
            models.Index(fields=["workspace", "type", "other_type", "state", "-score", "id"], name="kinpair_score_ix"),
            models.Index(fields=["workspace", "record_id"], name="kinpair_record_ix"),
            models.Index(fields=["workspace", "other_id"], name="kinpair_other_ix"),
        ]


class DuplicateScan(models.Model):
    """How far the search through one type is: one row per workspace and type."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    #: Counts the scans.
    number = models.PositiveIntegerField(default=0)
    #: Every change up to this number of the log has been looked at.
    reached = models.BigIntegerField(default=0)
    #: Where the scan that is under way began; None when none is.
    began_at_change = models.BigIntegerField(null=True)
    job_id = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    records = models.PositiveIntegerField(default=0)
    compared = models.BigIntegerField(default=0)
    #: Keys that too many records share to say anything.
    noisy = models.PositiveIntegerField(default=0)
    #: The last record looked at, where a scan walks through records one after the other.
    place = models.UUIDField(null=True)

    class Meta:
        app_label = "duplicates"
        constraints = [models.UniqueConstraint(fields=["workspace", "type"], name="duplicatescan_once")]


class Merge(models.Model):
    """One record that became part of another. The row stays for ever as the pointer from the old address to the new."""

    WAITING, DONE, UNDONE, FAILED = "waiting", "done", "undone", "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    survivor_id = models.UUIDField()
    loser_id = models.UUIDField()
    #: "waiting" for its job, "done", "undone", or "failed" with `problem`.
    state = models.CharField(max_length=8, default=WAITING)
    #: {field key: "one" | "other" | "both"}: whose value the person chose.
    picks = models.JSONField(default=dict)
    #: {field key: [before, after]} of the survivor, in the kinds' json shape; empty once it cannot be taken back.
    values = models.JSONField(default=dict)
    #: {type key or table: how many rows moved}.
    counts = models.JSONField(default=dict)
    #: What an unmerge left as it was: {"changed": [field keys], "later": n}.
    stayed = models.JSONField(default=dict)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.UUIDField(null=True)
    #: When the snapshot was dropped: from then on the merge stays.
    settled_at = models.DateTimeField(null=True)
    job_id = models.UUIDField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "duplicates"
        indexes = [
            models.Index(fields=["workspace", "type", "-id"], name="merge_type_ix"),
            models.Index(fields=["workspace", "loser_id"], name="merge_loser_ix"),
            models.Index(fields=["workspace", "survivor_id"], name="merge_survivor_ix"),
            models.Index(fields=["workspace", "at"], name="merge_at_ix", condition=Q(settled_at__isnull=True)),
        ]


class MergeMove(models.Model):
    """One thing that a merge moved: a reference of a record, a row of another table, or a row that became needless."""

    REFERENCE, BINNED, ROW, DROPPED, TEXT = "ref", "binned", "row", "dropped", "text"

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    merge = models.ForeignKey(Merge, models.CASCADE, related_name="moves", db_index=False)
    #: "ref": a field of a record pointed at the loser; "binned": a record that had a twin went to the bin; "row": a row of a
    #: table that is no record; "dropped": such a row had a twin and was deleted; "text": the id stood in a filter.
    how = models.CharField(max_length=7)
    #: The record type's key, or the label of the table.
    holder = models.CharField(max_length=80)
    #: The id of the record or row.
    row = models.CharField(max_length=36)
    field = models.CharField(max_length=60, blank=True)
    #: The dropped row, or the text as it was.
    was = models.JSONField(null=True)
    returned = models.BooleanField(default=False)

    class Meta:
        app_label = "duplicates"
        indexes = [
            models.Index(fields=["workspace", "merge", "id"], name="mergemove_merge_ix"),
            models.Index(fields=["workspace", "row"], name="mergemove_row_ix"),
        ]
