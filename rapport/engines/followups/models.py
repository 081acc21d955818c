"""A rule is a record; beside it stand how far it has come, and what it made, so that nothing is made twice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.records.model import Record, record_indexes


class FollowUpRule(Record):
    """So long after a moment of a record, a task for somebody."""

    MODES = [("after", _("From a date")), ("yearly", _("Every year on a date")), ("quiet", _("When nothing happened since"))]
    UNITS = [("hours", _("Hours")), ("days", _("Days")), ("weeks", _("Weeks")), ("months", _("Months"))]
    SIDES = [("after", _("After")), ("before", _("Before"))]
    RECEIVERS = [
        ("owner", _("The owner of the record")), ("person", _("One person")), ("manager", _("The manager of the owner")),
        ("team", _("The team of the record")),
    ]  # fmt: skip

    name = models.CharField(_("name"), max_length=120)
    on_type = models.CharField(_("record type"), max_length=40)
    mode = models.CharField(_("when"), max_length=6, choices=MODES, default="after")
    moment = models.CharField(_("date field"), max_length=60, help_text=_("The key of a field with a date or a time."))
    amount = models.PositiveSmallIntegerField(_("how long"), default=0)
    unit = models.CharField(_("unit"), max_length=6, choices=UNITS, default="days")
    side = models.CharField(_("before or after"), max_length=6, choices=SIDES, default="after")
    matching = models.TextField(_("only where"), blank=True, help_text=_("A filter, as above a list; empty takes every record."))
    subject = models.CharField(_("subject of the task"), max_length=200)
    kind = models.CharField(_("kind of the task"), max_length=20, blank=True)
    due_days = models.PositiveSmallIntegerField(_("due after days"), default=0)
    due_time = models.TimeField(_("due at"), null=True, blank=True)
    note = models.TextField(_("note for the task"), blank=True)
    give_to = models.CharField(_("for"), max_length=8, choices=RECEIVERS, default="owner")
    person = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("person")
    )
    also_days = models.PositiveSmallIntegerField(
        _("also the last days"), default=0,
        help_text=_("Switched on, the rule also takes what fell due in so many days before; 0 starts from now."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    #: With whose rights it runs: whoever said last what it does.
    runs_as = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("runs as")
    )

    class Meta(Record.Meta):
        app_label = "followups"
        verbose_name, verbose_name_plural = _("follow-up rule"), _("follow-up rules")
        indexes = record_indexes("followuprule", "is_active")


class FollowUpState(models.Model):
    """How far a rule has come, and what its last run did."""

    rule_id = models.UUIDField(primary_key=True, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+")
    #: Nothing that fell due before this moment is ever made.
    starts_at = models.DateTimeField()
    #: Everything that fell due up to this moment is made.
    reached_at = models.DateTimeField()
    ran_at = models.DateTimeField(null=True)
    made_last = models.PositiveIntegerField(default=0)
    made_total = models.PositiveIntegerField(default=0)
    #: Not made, because whoever would get the task may not see the record.
    left_out = models.PositiveIntegerField(default=0)
    #: Why the rule stands still; "" when it runs. A key, put into words by surfaces.
    problem = models.CharField(max_length=40, blank=True)

    class Meta:
        app_label = "followups"


class FollowUpMade(models.Model):
    """One occasion of one record that a rule has dealt with: for ever."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    rule_id = models.UUIDField()
    record_id = models.UUIDField()
    occasion = models.CharField(max_length=40)
    #: The task; None when whoever would have got it may not see the record.
    made_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        app_label = "followups"
        constraints = [models.UniqueConstraint(fields=["rule_id", "record_id", "occasion"], name="followupmade_once")]
        indexes = [models.Index(fields=["workspace", "rule_id", "-id"], name="followupmade_rule_ix")]
