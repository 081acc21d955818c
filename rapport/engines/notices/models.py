"""A notice keeps ids only: what they are called is asked at the gate whenever it is shown."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id


class Notice(models.Model):
    """One thing that one person should hear of."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    user_id = models.UUIDField()
    #: "mention", "assigned", "shared", "rule", "due" and what engines and modules add (`surfaces/web/notice_words.py`).
    event = models.CharField(max_length=10)
    type = models.CharField(max_length=40)
    #: The records it is about, as texts; several when much happened at once.
    records = models.JSONField(default=list)
    #: The field the mention stands in; whoever may not see the field does not hear of it.
    field = models.CharField(max_length=60, blank=True)
    #: Who did it; None for Rapport itself.
    actor_id = models.UUIDField(null=True)
    #: The rule or import behind it.
    cause_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    #: When a mail with it was handed over: set before the mail goes, so that none goes twice.
    mailed_at = models.DateTimeField(null=True)
    #: What may come once for a person ("due:2026-11-22"); None for anything else.
    once = models.CharField(max_length=60, null=True)

    class Meta:
        app_label = "notices"
        indexes = [
            models.Index(fields=["workspace", "user_id", "-id"], name="notice_user_ix"),
            models.Index(fields=["workspace", "user_id", "-id"], name="notice_unread_ix", condition=Q(read_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user_id", "once"], condition=Q(once__isnull=False), name="notice_once"),
        ]


class NoticeChoice(models.Model):
    """What a person wants by mail. Without a row: mentions at once, no digest."""

    DIGESTS = [("never", _("Never")), ("daily", _("Every day at 7:00")), ("weekly", _("Every Monday at 7:00"))]

    user_id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+")
    digest = models.CharField(max_length=6, choices=DIGESTS, default="never")
    mentions_now = models.BooleanField(default=True)
    #: When the next digest is due; None for none.
    next_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "notices"
        indexes = [models.Index(fields=["workspace", "next_at"], name="noticechoice_next_ix")]
