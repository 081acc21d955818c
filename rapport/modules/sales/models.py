"""Leads, pipelines with their stages, and deals."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rapport.kernel.kinds import EmailsField, MoneyField, PercentField, PhoneField, TagsField
from rapport.kernel.records.model import Record, record_indexes
from rapport.modules.customers.models import Customer


class Pipeline(Record):
    """A way a deal goes, in stages."""

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("pipeline"), _("pipelines")
        indexes = record_indexes("pipeline", "position")


class Stage(Record):
    """A step of a pipeline. Logic hangs on `outcome`, never on the name."""

    OUTCOMES = [("open", pgettext_lazy("deal", "Open")), ("won", _("Won")), ("lost", _("Lost"))]

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="stages", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    outcome = models.CharField(_("outcome"), max_length=4, choices=OUTCOMES, default="open")
    probability = PercentField(_("probability"), default=0)
    quiet_days = models.PositiveSmallIntegerField(
        _("quiet after days"), default=7, help_text=_("Days without contact after which a deal here counts as quiet.")
    )
    needed = models.CharField(
        _("needed to enter"), max_length=200, blank=True, help_text=_("Field keys, separated by commas: amount, close_on")
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("stage"), _("stages")
        indexes = record_indexes("stage", ("pipeline", "position"))


class Lead(Record):
    """An interest that came in, not yet qualified. Converting it loses nothing."""

    STATES = [
        ("new", _("New")), ("working", _("In work")), ("converted", _("Converted")), ("dropped", _("Dropped")),
    ]  # fmt: skip

    name = models.CharField(_("name"), max_length=200)
    company = models.CharField(_("company"), max_length=200, blank=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    emails = EmailsField(_("e-mail"), blank=True)
    phones = PhoneField(_("phone"), blank=True)
    interest = models.CharField(_("interest"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=12, choices=Customer.SOURCES, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=STATES, default="new")
    worth = MoneyField(_("expected value"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)
    raw = models.TextField(_("as it came in"), blank=True)
    tags = TagsField(_("tags"), blank=True)
    next_step = models.CharField(_("next step"), max_length=200, blank=True, editable=False)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True, editable=False)
    person = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="person_leads", verbose_name=_("became person")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("became customer")
    )
    deal = models.ForeignKey(
        "sales.Deal", models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("became deal")
    )
    partner = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="partner_leads", verbose_name=_("partner")
    )
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True)
    dropped_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("lead"), _("leads")
        indexes = record_indexes("lead", "state", "next_step_on", "customer", "person", "deal", ("partner", "created_at"))


class Deal(Record):
    """An expected sale, moved through a pipeline until it is won or lost."""

    name = models.CharField(_("name"), max_length=200)
    #: Real input has deals whose account nobody wrote down (1,425 of 8,800), so a deal may wait for its customer.
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("customer")
    )
    pipeline = models.ForeignKey(
        Pipeline, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("pipeline")
    )
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals", verbose_name=_("stage"))
    amount = MoneyField(_("amount"), null=True, blank=True)
    close_on = models.DateField(_("expected close"), null=True, blank=True)
    opened_on = models.DateField(_("opened"), null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=12, choices=Customer.SOURCES, blank=True)
    note = models.TextField(_("note"), blank=True)
    tags = TagsField(_("tags"), blank=True)
    moved_at = models.DateTimeField(_("in this stage since"), null=True, blank=True, editable=False)
    next_step = models.CharField(_("next step"), max_length=200, blank=True, editable=False)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("deal"), _("deals")
        indexes = record_indexes(
            "deal", "amount_base", "close_on", "closed_on", "next_step_on", "customer", "opened_on",
            # Lists and columns of one stage in their orders.
            ("stage", "close_on"), ("stage", "closed_on"), ("stage", "updated_at"), ("owner", "stage", "close_on"),
            # The sums of a column without reading its rows (SQLite asks for `deleted_at` again, so it stands there too).
            ("stage", "amount_base", "owner", "team", "deleted_at"),
        )  # fmt: skip


class DealPerson(Record):
    """A person with a part in a deal."""

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="people", verbose_name=_("deal"))
    person = models.ForeignKey(Customer, models.PROTECT, related_name="deal_parts", verbose_name=_("person"))
    part = models.CharField(
        _("part"), max_length=12, blank=True,
        choices=[
            ("decides", _("Decides")), ("influences", _("Influences")), ("uses", _("Uses")),
            ("pays", _("Accounts payable")), ("buys", _("Buys")), ("other", _("Other")),
        ],
    )  # fmt: skip

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("person in a deal"), _("people in deals")
        indexes = record_indexes("dealperson", "deal", "person")


class Target(Record):
    """What a person or a team is to win in a month, quarter or year."""

    PERIODS = [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]
    MEASURES = [("amount", _("Amount won")), ("count", _("Deals won"))]

    name = models.CharField(_("name"), max_length=120)
    person = models.ForeignKey(
        "kernel.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("person")
    )
    for_team = models.ForeignKey(
        "kernel.Team", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("for the team")
    )
    period = models.CharField(_("period"), max_length=7, choices=PERIODS, default="month")
    starts_on = models.DateField(_("starts"), help_text=_("Any day within the period; its first day is kept."))
    measure = models.CharField(_("measured by"), max_length=6, choices=MEASURES, default="amount")
    amount = MoneyField(_("amount"), null=True, blank=True)
    deals = models.PositiveIntegerField(_("number of deals"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("target"), _("targets")
        indexes = record_indexes("target", "starts_on", ("person", "starts_on"), ("for_team", "starts_on"))
