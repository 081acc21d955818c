"""The change log: who changed which field of which record when, through what, and because of what.

It is the audit log too: refused attempts, exports, sign-ins and shares are entries of it with verbs of their own, and
every entry is a link of a chain of hashes (see chain.py), so that nobody can change or take one away unseen.
"""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id

#: Verbs of writes. All other entries are events: they change no record and count no version.
WRITES = ("create", "update", "delete", "restore")
#: Verbs that belong to the story of a record; everything else shows on the audit page only.
STORY = (*WRITES, "shared", "unshared", "merged", "unmerged")


class Change(models.Model):
    """One write to one record, or one event. Numbers rise without gaps per workspace, in the order of commits."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    number = models.BigIntegerField()
    #: Key of the record type, "" for an event that is about none (a sign-in).
    type = models.CharField(max_length=40, blank=True)
    #: The record, or the id somebody asked for; None for an event about no single record.
    record_id = models.UUIDField(null=True)
    #: Version of the record after this change; 0 for events.
    version = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)  # one of WRITES, or an event
    action = models.CharField(max_length=40, blank=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    surface = models.CharField(max_length=20)
    cause_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    #: {field key: [before, after]} in the kinds' json shape.
    diff = models.JSONField(default=dict)
    #: What an event says that is no change of a field: the filter of an export, whom a record was shared with.
    details = models.JSONField(default=dict)
    #: Random, so that nobody guesses an erased text from the digest; goes when the entry is redacted.
    salt = models.CharField(max_length=32, default="", editable=False)
    #: SHA-256 of what the entry says. "" in entries from before the chain.
    digest = models.CharField(max_length=64, default="", editable=False)
    #: SHA-256 of the hash of the entry before, the number and the digest.
    hash = models.CharField(max_length=64, default="", editable=False)
    #: When an erasure of personal data emptied the entry; its digest stays, so the chain still holds.
    redacted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="change_number_once")]
        indexes = [
            models.Index(fields=["workspace", "record_id", "-number"], name="change_record_ix"),
            models.Index(fields=["workspace", "type", "-number"], name="change_type_ix"),
            models.Index(fields=["workspace", "actor_id", "-number"], name="change_actor_ix"),
            models.Index(fields=["workspace", "verb", "-number"], name="change_verb_ix"),
        ]


class ReaderCursor(models.Model):
    """How far a reader of the change log has come in a workspace."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+")
    reader = models.CharField(max_length=60)
    number = models.BigIntegerField(default=0)

    class Meta:
        app_label = "kernel"
        constraints = [models.UniqueConstraint(fields=["workspace", "reader"], name="reader_once")]
