"""Who is invited to a meeting and what they answered; and, in a table that nobody types, what calendars know of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.activities.models import Activity
from rapport.modules.customers.models import Customer


class MeetingGuest(Record):
    """Somebody who is invited to a meeting: a customer, a colleague, or just an address."""

    ANSWERS = [
        ("waiting", _("No answer yet")), ("accepted", _("Accepted")), ("tentative", _("Perhaps")), ("declined", _("Declined")),
        ("proposed", _("Proposes another time")),
    ]  # fmt: skip

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="guests", verbose_name=_("activity"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    address = models.EmailField(_("e-mail"), max_length=254)
    person = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="invited", verbose_name=_("person"))
    colleague = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("colleague")
    )
    answer = models.CharField(_("answer"), max_length=9, choices=ANSWERS, default="waiting")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    proposed_at = models.DateTimeField(_("proposed time"), null=True, blank=True)
    proposed_minutes = models.PositiveIntegerField(_("proposed length in minutes"), null=True, blank=True)
    #: Which version of the invitation was answered; an answer to an older one never counts after that.
    revision = models.PositiveIntegerField(_("version answered"), default=0)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("invited person"), _("invited people")
        indexes = record_indexes("meetingguest", "activity", "person", "colleague", "answered_at")


class MeetingInvite(models.Model):
    """What calendars know of a meeting: its id there, which version was sent last, and whose it is. Holds no words and no
    address: those of a meeting of ours stand in the meeting, those of a foreign one in the message that brought it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    #: None for a foreign invitation that was declined.
    activity_id = models.UUIDField(null=True)
    uid = models.CharField(max_length=250)
    #: Who invites, or who was invited.
    user_id = models.UUIDField(null=True)
    is_ours = models.BooleanField(default=True)
    #: Ours: the mailbox it goes out from. Foreign: the message that brought it.
    mailbox_id = models.UUIDField(null=True)
    mail_id = models.UUIDField(null=True)
    sequence = models.PositiveIntegerField(default=0)
    #: The version in which the time changed last: answers to older ones say nothing of this time.
    asked_sequence = models.PositiveIntegerField(default=0)
    is_called_off = models.BooleanField(default=False)
    #: The call-off that waits in the outbox, for whoever brings the meeting back at once.
    outgoing_id = models.UUIDField(null=True)
    sent_start = models.DateTimeField(null=True)
    sent_minutes = models.PositiveIntegerField(null=True)
    #: sha256 of title and place as they were sent.
    sent_mark = models.CharField(max_length=64, blank=True)
    #: Foreign: what we answered.
    my_answer = models.CharField(max_length=9, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "uid"], name="meetinginvite_uid_ix"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "activity_id"], condition=Q(activity_id__isnull=False), name="meetinginvite_once"
            )
        ]
