"""Surveys and ratings; and three tables beside them that nobody types: who is to be asked, how far a round has come, how
often one person may be asked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.activities.models import Task
from rapport.modules.customers.models import Customer
from rapport.modules.service.models import Queue, Ticket

KINDS = [
    ("csat", _("CSAT: satisfaction, 1 to 5")), ("nps", _("NPS: recommendation, 0 to 10")), ("ces", _("CES: ease, 1 to 7")),
    ("help", _("Did our articles solve it: yes or no")),
]  # fmt: skip


class Survey(Record):
    """One question with a scale, and when whom is asked."""

    ASKS = [
        ("ticket", _("After a ticket is solved")), ("deal", _("After a deal is won")),
        ("regular", _("Every so many months")), ("hand", _("By hand only")),
        ("help", _("After articles were read and no ticket came")),
    ]  # fmt: skip
    FOR = [("owner", _("The owner of the ticket or customer")), ("person", _("One person"))]

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("scale"), max_length=4, choices=KINDS, default="csat")
    question = models.CharField(
        _("question"), max_length=300, blank=True, help_text=_("Empty asks the usual question, in the language of the person.")
    )
    wordings = models.TextField(
        _("in other languages"), blank=True, help_text=_("One language a line, with its code: de: Wie zufrieden sind Sie?")
    )
    asks = models.CharField(_("asks"), max_length=7, choices=ASKS, default="hand")
    queue = models.ForeignKey(
        Queue, models.PROTECT, null=True, blank=True, related_name="surveys", verbose_name=_("queue"),
        help_text=_("Only after tickets of this queue; empty is all. After articles: where a “no” opens a ticket."),
    )  # fmt: skip
    wait_hours = models.PositiveSmallIntegerField(
        _("hours after solving or reading"), default=24,
        help_text=_("A ticket that is opened again, or opened after reading, is not asked about."),
    )
    wait_days = models.PositiveSmallIntegerField(_("days after winning"), default=30)
    every_months = models.PositiveSmallIntegerField(_("every so many months"), default=6)
    customers = models.TextField(
        _("people who are asked"), blank=True, help_text=_("A filter of customers: stage is customer. Empty is every person.")
    )
    low = models.PositiveSmallIntegerField(
        _("low up to"), null=True, blank=True, help_text=_("Such a score makes a task. Empty: 2 of 5, 6 of 10, 3 of 7.")
    )
    follow_up_for = models.CharField(_("task goes to"), max_length=6, choices=FOR, default="owner")
    follow_up_person = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("person")
    )
    follow_up_days = models.PositiveSmallIntegerField(_("due within days"), default=1)
    is_active = models.BooleanField(_("active"), default=False)
    #: What happened before it was switched on is not asked about.
    active_from = models.DateTimeField(_("active since"), null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("survey"), _("surveys")
        indexes = record_indexes("survey", "is_active", "queue")


class SurveyAnswer(Record):
    """That somebody was asked, and what they answered. Owner and team are whose it was when they were asked."""

    CHANNELS = [("mail", _("E-mail")), ("web", _("Web")), ("phone", _("Phone")), ("portal", _("Portal"))]

    #: "4/5 · After a ticket": score and survey, kept right by every write.
    headline = models.CharField(_("rating"), max_length=150, blank=True, editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="answers", verbose_name=_("survey"))
    kind = models.CharField(_("scale"), max_length=4, choices=KINDS, blank=True, editable=False)
    person = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="ratings_given", verbose_name=_("person")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="ratings", verbose_name=_("customer")
    )
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="ratings", verbose_name=_("ticket"))
    #: The queue of the ticket when it was asked about.
    queue = models.ForeignKey(
        Queue, models.PROTECT, null=True, blank=True, related_name="ratings", verbose_name=_("queue"), editable=False
    )
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    is_low = models.BooleanField(_("low"), default=False, editable=False)
    comment = models.TextField(_("comment"), blank=True)
    channel = models.CharField(_("answered by"), max_length=6, choices=CHANNELS, blank=True)
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    follow_up = models.ForeignKey(
        Task, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("follow-up"), editable=False
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("rating"), _("ratings")
        indexes = record_indexes(
            "rating", "asked_at", "answered_at", "score", ("survey", "asked_at"), ("customer", "answered_at"),
            ("person", "answered_at"), ("person", "asked_at"), "ticket", "queue", ("is_low", "answered_at"),
        )  # fmt: skip


class SurveyAsk(models.Model):
    """That one person is to be asked on one occasion: once, which this row holds. Its token is kept as a hash."""

    STATES = [
        ("waiting", _("Waits for its time")), ("sent", _("Asked")), ("answered", _("Answered")), ("expired", _("Too late")),
        ("not_asked", _("Not asked")),
    ]  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    survey = models.ForeignKey(Survey, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+", db_index=False)
    #: "ticket:<id>", "deal:<id>", "every:<n>", "hand:<day>" or "help:<id of the first reading>".
    occasion = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=STATES, default="waiting")
    #: Why it was not asked: a key of `deciding.WHY`.
    why = models.CharField(max_length=12, blank=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    answer = models.ForeignKey(SurveyAnswer, models.CASCADE, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "survey", "occasion", "person"], name="surveyask_once"),
            models.UniqueConstraint(
                fields=["workspace", "survey", "occasion"], name="surveyask_nobody_once", condition=models.Q(person__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "state", "due_at"], name="surveyask_due_ix"),
            models.Index(fields=["workspace", "person", "-due_at"], name="surveyask_person_ix"),
            models.Index(fields=["workspace", "customer"], name="surveyask_customer_ix"),
            models.Index(fields=["workspace", "ticket"], name="surveyask_ticket_ix"),
            models.Index(fields=["workspace", "answer"], name="surveyask_answer_ix"),
        ]


class ArticleRead(models.Model):
    """That somebody who is signed in read an article, while a survey asks after that. Gone once they answered, or in a month."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    read_at = models.DateTimeField()
    #: The occasion of the ask that it led to; "" while it waits.
    occasion = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "person", "record_id", "occasion"], name="articleread_once")]
        indexes = [models.Index(fields=["workspace", "occasion", "read_at"], name="articleread_due_ix")]


class SurveyRound(models.Model):
    """How far the round of a regular survey has come: the last person looked at in this period."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    survey = models.ForeignKey(Survey, models.CASCADE, related_name="+", db_index=False)
    period = models.IntegerField()
    after_id = models.UUIDField(null=True)
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "survey", "period"], name="surveyround_once")]


class SurveyRest(models.Model):
    """How often one person may be asked at most, over all surveys; without a row the usual."""

    DAYS, NPS_DAYS = 30, 90

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.OneToOneField("kernel.Workspace", models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField(default=DAYS)
    nps_days = models.PositiveSmallIntegerField(default=NPS_DAYS)
