"""An endpoint is a record; beside it stand its secrets and how far it has come, and what was sent to it.

What waits is never copied: an endpoint is a place in the change log. A receiver that is down for a day leaves one row
behind, whatever was written meanwhile.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.kinds.multichoice import MultiChoiceField
from rapport.kernel.records.model import Record, record_indexes


class Webhook(Record):
    """An address that hears of what is written."""

    VERBS = [("create", _("Created")), ("update", _("Changed")), ("delete", _("Deleted")), ("restore", _("Restored"))]

    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(_("address"), max_length=1000, help_text=_("Where messages are posted to; begins with https://."))
    on_type = models.CharField(_("record type"), max_length=40, blank=True, help_text=_("Empty for all that its keeper sees."))
    verbs = MultiChoiceField(_("when"), choices=VERBS, blank=True, help_text=_("Without any, whatever happens."))
    matching = models.TextField(_("only where"), blank=True, help_text=_("A filter, as above a list; needs a record type."))
    is_active = models.BooleanField(_("active"), default=True)
    #: Through whose eyes messages are made: whoever said last where they go.
    runs_as = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("keeper")
    )

    class Meta(Record.Meta):
        app_label = "webhooks"
        verbose_name, verbose_name_plural = _("webhook"), _("webhooks")
        indexes = record_indexes("webhook", "is_active")


class WebhookState(models.Model):
    """Secrets of an endpoint, and its place in the change log."""

    webhook_id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+")
    #: Sealed; "" until somebody asked for it.
    secret = models.TextField(blank=True)
    #: The one before, which signs too until the time beside it.
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    #: Every change up to this number is dealt with.
    position = models.BigIntegerField()
    #: Not before this moment; None when it may go on.
    next_at = models.DateTimeField(null=True)
    #: Since when nothing arrives; None while all is well.
    failing_since = models.DateTimeField(null=True)
    #: "nobody" when its keeper may no longer work here, "filter" when its filter fits no more, "gone" and "failing" when it
    #: was switched off by itself.
    problem = models.CharField(max_length=10, blank=True)
    job_id = models.UUIDField(null=True)
    #: A worker is at it until then.
    busy_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "webhooks"
        indexes = [models.Index(fields=["workspace", "next_at"], name="webhookstate_next_ix")]


class Delivery(models.Model):
    """One message to one endpoint, with what came of the last attempt."""

    SENT, WAITING, ASIDE, LEFT = "sent", "waiting", "aside", "left"
    STATUSES = [(SENT, _("Arrived")), (WAITING, _("Waiting")), (ASIDE, _("Tried again later")), (LEFT, _("Given up"))]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    webhook_id = models.UUIDField()
    #: The id that the receiver sees, the same in every attempt.
    message_id = models.CharField(max_length=100)
    #: Of the change; None for a test.
    number = models.BigIntegerField(null=True)
    event = models.CharField(max_length=80)
    record_id = models.UUIDField(null=True)
    status = models.CharField(max_length=8, choices=STATUSES)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    #: What the last attempt sent and got.
    body = models.TextField(blank=True)
    answer_status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "webhooks"
        indexes = [
            models.Index(fields=["workspace", "webhook_id", "-id"], name="delivery_webhook_ix"),
            models.Index(fields=["workspace", "webhook_id", "number"], name="delivery_number_ix"),
            models.Index(fields=["workspace", "next_at"], name="delivery_next_ix", condition=Q(status="aside")),
            models.Index(fields=["workspace", "created_at"], name="delivery_created_ix"),
            models.Index(fields=["workspace", "record_id"], name="delivery_record_ix"),
        ]


class Hold(models.Model):
    """Nothing leaves this workspace while the row is there: a restored copy must not repeat what the original said."""

    workspace = models.OneToOneField("kernel.Workspace", models.CASCADE, primary_key=True, related_name="+")
    why = models.CharField(max_length=40)
    since = models.DateTimeField()

    class Meta:
        app_label = "webhooks"
