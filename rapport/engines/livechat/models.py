"""What visitors see of a chat, and the conversations that go on. What is said in them is kept by a module, not here."""

from __future__ import annotations

from django.db import models

from rapport.kernel.ids import new_id


class PublicChat(models.Model):
    """What visitors are shown of a chat: a copy, made in the write that changed it. Strangers are shown this row alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    #: Its place among the addresses, drawn by chance: /chat/<key>.js
    key = models.CharField(max_length=32, unique=True)
    is_open = models.BooleanField(default=False)
    shown = models.JSONField(default=dict)

    class Meta:
        app_label = "livechat"
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id"], name="publicchat_once")]


class Talk(models.Model):
    """One conversation with one visitor, known to them by a secret of which only the digest is here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: The chat it began in.
    chat_id = models.UUIDField()
    digest = models.CharField(max_length=64, unique=True)
    #: The record in which what is said is kept.
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    #: Counted up with every line and whenever the conversation begins or ends: what the bell goes by.
    seq = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=80, blank=True)
    #: As it was typed, or of the guest who was signed in; nobody has proven a typed one.
    email = models.CharField(max_length=254, blank=True)
    began_at = models.DateTimeField()
    said_at = models.DateTimeField()
    #: When the visitor's browser last asked for lines: until then they have been shown everything.
    seen_at = models.DateTimeField()
    #: The mark of the visitor's last line: the same again is a repeat after an answer that got lost.
    last_mark = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "livechat"
        indexes = [
            models.Index(fields=["workspace", "record_id", "type"], name="talk_record_ix"),
            models.Index(fields=["workspace", "chat_id", "-began_at"], name="talk_chat_ix"),
            models.Index(fields=["workspace", "said_at"], name="talk_said_ix"),
        ]
