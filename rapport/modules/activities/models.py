"""What happened with a customer, and what is to be done next."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rapport.kernel.kinds import AnyRefField, FileField, WebField
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.customers.models import Customer


class Activity(Record):
    """Something that happened or will: a call, a meeting, an e-mail, a note, a visit."""

    KINDS = [
        ("note", _("Note")), ("call", _("Call")), ("meeting", _("Meeting")), ("email", _("E-mail")),
        ("visit", _("Visit")), ("message", _("Message")),
    ]  # fmt: skip
    DIRECTIONS = [("in", _("Inbound")), ("out", _("Outbound"))]

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default="note")
    subject = models.CharField(_("subject"), max_length=200)
    direction = models.CharField(_("direction"), max_length=3, choices=DIRECTIONS, blank=True)
    happened_at = models.DateTimeField(_("when"))
    minutes = models.PositiveIntegerField(_("length in minutes"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=200, blank=True)
    body = models.TextField(_("text"), blank=True)
    file = FileField(_("file"), null=True, blank=True)
    recording = WebField(_("recording"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("customer")
    )
    about = AnyRefField(_("about"), null=True, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("activity"), _("activities")
        indexes = record_indexes(
            "activity",
            "happened_at",
            "kind",
            ("customer", "happened_at", "id", "kind"),
            "about",
            ("owner", "happened_at"),
        )


class ActivityPerson(Record):
    """A person who took part in an activity."""

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="people", verbose_name=_("activity"))
    person = models.ForeignKey(Customer, models.PROTECT, related_name="attended", verbose_name=_("person"))

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("participant"), _("participants")
        indexes = record_indexes("participant", "activity", "person")


class Task(Record):
    """Something to do, with an owner and a due date; a follow-up is a task that a rule or another task put there."""

    KINDS = [
        ("todo", _("To do")), ("call", _("Call")), ("email", _("E-mail")), ("meeting", _("Meeting")), ("visit", _("Visit")),
        ("send", _("Send something")),
    ]  # fmt: skip
    STATES = [("open", pgettext_lazy("task", "Open")), ("done", _("Done"))]
    REPEATS = [
        ("daily", _("Every day")), ("weekly", _("Every week")), ("monthly", _("Every month")), ("yearly", _("Every year")),
    ]  # fmt: skip

    subject = models.CharField(_("subject"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default="todo")
    state = models.CharField(_("state"), max_length=5, choices=STATES, default="open")
    due_on = models.DateField(_("due"), null=True, blank=True)
    due_time = models.TimeField(_("at"), null=True, blank=True)
    remind_at = models.DateTimeField(_("remind me"), null=True, blank=True)
    repeats = models.CharField(_("repeats"), max_length=8, choices=REPEATS, blank=True)
    repeats_every = models.PositiveSmallIntegerField(_("every"), default=1)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("customer")
    )
    about = AnyRefField(_("about"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    is_follow_up = models.BooleanField(_("follow-up"), default=False)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=200, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        indexes = [
            *record_indexes(
                "task", "due_on", "done_at", ("owner", "state", "due_on"), ("state", "due_on"), "customer", "about"
            ),
            # What lies with a team and nobody in particular.
            models.Index(
                fields=["workspace", "team", "state", "due_on", "id"], name="task_of_team_ix",
                condition=models.Q(deleted_at__isnull=True, owner__isnull=True),
            ),
            models.Index(
                fields=["remind_at"], name="task_remind_ix",
                condition=models.Q(deleted_at__isnull=True, reminded_at__isnull=True, state="open"),
            ),
        ]  # fmt: skip
