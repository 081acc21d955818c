"""Customers: companies and people, how they belong together, and what they like."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.kinds import (
    AddressField,
    EmailsField,
    FileField,
    LanguageField,
    MoneyField,
    MultiChoiceField,
    PhoneField,
    TagsField,
    WebField,
)  # fmt: skip
from rapport.kernel.records.model import Record, record_indexes


class Customer(Record):
    """Whoever we do business with: a company or a person."""

    KINDS = [("company", _("Company")), ("person", _("Person"))]
    ROLES = [
        ("customer", _("Customer")), ("prospect", _("Prospect")), ("supplier", _("Supplier")), ("partner", _("Partner")),
    ]  # fmt: skip
    STAGES = [
        ("subscriber", _("Subscriber")), ("lead", _("Lead")), ("prospect", _("Prospect")), ("customer", _("Customer")),
        ("advocate", _("Advocate")), ("lapsed", _("Lapsed")), ("lost", _("Lost")),
    ]  # fmt: skip
    SOURCES = [
        ("referral", _("Referral")), ("trade_show", _("Trade show")), ("website", _("Website")), ("form", _("Web form")),
        ("call", _("Call")), ("mail", _("E-mail")), ("campaign", _("Campaign")), ("partner", _("Partner")),
        ("import", _("Import")), ("other", _("Other")),
    ]  # fmt: skip

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default="company")
    name = models.CharField(_("name"), max_length=200)
    roles = MultiChoiceField(_("roles"), choices=ROLES, blank=True)
    stage = models.CharField(_("lifecycle stage"), max_length=12, choices=STAGES, default="prospect")
    emails = EmailsField(_("e-mail"), blank=True)
    phones = PhoneField(_("phone"), blank=True)
    addresses = AddressField(_("address"), blank=True)
    website = WebField(_("website"), blank=True)
    industry = models.CharField(_("industry"), max_length=80, blank=True)
    turnover = MoneyField(_("turnover"), null=True, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    founded = models.PositiveSmallIntegerField(_("founded"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=12, choices=SOURCES, blank=True)
    language = LanguageField(_("language"), max_length=10, blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    tags = TagsField(_("tags"), blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("parent company")
    )
    partner = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="brought", verbose_name=_("brought by partner")
    )
    note = models.TextField(_("note"), blank=True)
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True, editable=False)
    next_step = models.CharField(_("next step"), max_length=200, blank=True, editable=False)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("customer"), _("customers")
        indexes = record_indexes(
            "customer", "stage", "industry", "last_contact_at", "next_step_on", "turnover_base", "employees",
            "parent", ("partner", "title_key"), ("kind", "title_key"), ("owner", "title_key"),
        )  # fmt: skip


class Affiliation(Record):
    """A person's place at a company; one person may have several."""

    PARTS = [
        ("decides", _("Decides")), ("influences", _("Influences")), ("uses", _("Uses")), ("pays", _("Accounts payable")),
        ("buys", _("Buys")), ("other", _("Other")),
    ]  # fmt: skip

    person = models.ForeignKey(Customer, models.PROTECT, related_name="affiliations", verbose_name=_("person"))
    company = models.ForeignKey(Customer, models.PROTECT, related_name="people", verbose_name=_("company"))
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    part = models.CharField(_("part in buying"), max_length=12, choices=PARTS, blank=True)
    from_on = models.DateField(_("from"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)
    is_primary = models.BooleanField(_("main employer"), default=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("affiliation"), _("affiliations")
        indexes = record_indexes("affiliation", "person", "company")


class Relationship(Record):
    """Any tie between two customers: `one` is <tie> `other`."""

    TIES = [
        ("reports_to", _("reports to")), ("referred_by", _("referred by")), ("subsidiary_of", _("subsidiary of")),
        ("married_to", _("married to")), ("partner_of", _("partner of")), ("supplies", _("supplies")),
        ("competes_with", _("competes with")), ("other", _("knows")),
    ]  # fmt: skip

    one = models.ForeignKey(Customer, models.PROTECT, related_name="ties", verbose_name=_("customer"))
    tie = models.CharField(_("tie"), max_length=16, choices=TIES)
    other = models.ForeignKey(Customer, models.PROTECT, related_name="ties_back", verbose_name=_("to"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("relationship"), _("relationships")
        indexes = record_indexes("relationship", "one", "other")


class Preference(Record):
    """A known wish or need of a customer, with where it was learned."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="preferences", verbose_name=_("customer"))
    what = models.CharField(_("what"), max_length=80)
    wish = models.CharField(_("wish"), max_length=200)
    learned_from = models.CharField(_("learned from"), max_length=120, blank=True)
    learned_on = models.DateField(_("learned on"), null=True, blank=True)
    is_sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Health, religion and the like: only roles with the right see it.")
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("preference"), _("preferences")
        indexes = record_indexes("preference", "customer")


class Consent(Record):
    """One event of a person saying yes or no to being contacted or worked with; what holds now is the last of each purpose."""

    PURPOSES = [
        ("newsletter", _("Newsletter")), ("product_news", _("Product news")), ("calls", _("Calls")),
        ("profiling", _("Profiling")), ("sensitive", _("Sensitive data")), ("surveys", _("Surveys")), ("other", _("Other")),
    ]  # fmt: skip
    CHANNELS = [
        ("any", _("Any")), ("email", _("E-mail")), ("phone", _("Phone")), ("message", _("Message")), ("post", _("Post")),
    ]  # fmt: skip
    ANSWERS = [("given", _("Given")), ("withdrawn", _("Withdrawn"))]

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="consents", verbose_name=_("customer"))
    purpose = models.CharField(_("purpose"), max_length=12, choices=PURPOSES)
    channel = models.CharField(_("channel"), max_length=8, choices=CHANNELS, default="any")
    answer = models.CharField(_("answer"), max_length=9, choices=ANSWERS)
    wording = models.TextField(_("wording"), blank=True, help_text=_("The text that was shown or read out."))
    wording_version = models.CharField(_("wording version"), max_length=40, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True, help_text=_("Where: web form, trade show, call."))
    proof = models.TextField(_("proof"), blank=True, help_text=_("What shows it: the address of the form, the signed text."))
    proof_file = FileField(_("proof as file"), null=True, blank=True)
    happened_at = models.DateTimeField(_("when"))
    is_sensitive = models.BooleanField(_("sensitive"), default=False, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("consent"), _("consents")
        indexes = record_indexes("consent", ("customer", "happened_at"))
