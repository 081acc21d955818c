"""Whose telephone is whose, and the calls that are going on or have just been."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes


class PhoneLine(Record):
    """A telephone of the company: what the telephone system calls it, and whose it is."""

    number = models.CharField(_("extension"), max_length=40, help_text=_("As the telephone system calls it: 201, or sip:ann."))
    user = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("whose it is")
    )

    class Meta(Record.Meta):
        app_label = "telephony"
        verbose_name, verbose_name_plural = _("telephone"), _("telephones")
        indexes = record_indexes("phoneline", "user")


class LiveCall(models.Model):
    """One call as the telephone system tells of it. What stays of it is written down by a module when it ends."""

    STATES = [
        ("ringing", _("Ringing")), ("answered", _("Going on")), ("ended", _("Ended")), ("missed", _("Missed")),
        ("unanswered", _("No answer")),
    ]  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: What the telephone system calls it.
    outside_id = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=STATES, default="ringing")
    direction = models.CharField(max_length=3)
    #: The other side as it was sent, and as numbers are compared.
    number = models.CharField(max_length=60, blank=True)
    number_key = models.CharField(max_length=40, blank=True)
    line = models.CharField(max_length=40, blank=True)
    user_id = models.UUIDField(null=True)
    #: Who it was found to be; empty for an unknown number.
    record_type = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recording = models.CharField(max_length=500, blank=True)
    #: Written down as; `is_logged` is set first, so that it happens once.
    entry_id = models.UUIDField(null=True)
    is_logged = models.BooleanField(default=False)
    #: Taken off the screen by whoever it rang for.
    is_closed = models.BooleanField(default=False)

    class Meta:
        app_label = "telephony"
        indexes = [
            models.Index(fields=["workspace", "user_id", "started_at"], name="livecall_user_ix"),
            models.Index(fields=["workspace", "started_at"], name="livecall_started_ix"),
        ]
        constraints = [models.UniqueConstraint(fields=["workspace", "outside_id"], name="livecall_outside_uq")]
